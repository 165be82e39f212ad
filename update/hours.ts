/** Times of day: `22:00-07:30`; across midnight too. */
const PATTERN = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether `now` lies in these hours (local time); never in the empty text. */
export function isWithinHours(hours: string, now: Date): boolean {
  const match = PATTERN.exec(hours);
  if (match === null) return false;
  const [from, to] = [1, 3].map((index) =>
    Number(match[index]) * 60 + Number(match[index + 1])
  );
  const minute = now.getHours() * 60 + now.getMinutes();
  return from <= to
    ? minute >= from && minute < to
    : minute >= from || minute < to;
}
