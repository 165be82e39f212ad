/**
 * Hours of the day.
 *
 * @module
 */

/**
 * Whether the time of `date` in this machine's zone is within `hours`, such as
 * "22:00-07:00"; "" is all day.
 */
export function isWithin(hours: string, date: Date): boolean {
  if (hours === "") return true;
  const [from, to] = hours.split("-").map(minutesOf);
  const now = date.getHours() * 60 + date.getMinutes();
  return from <= to ? from <= now && now < to : from <= now || now < to;
}

function minutesOf(text: string): number {
  const [hour, minute] = text.split(":").map(Number);
  return hour * 60 + minute;
}
