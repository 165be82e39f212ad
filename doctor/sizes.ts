/** A size as people say it: "1.4 GB"; 1 KB is 1,024 bytes. */
export function inWords(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit >= 3 && value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export const MB = 1024 ** 2;
export const GB = 1024 ** 3;
