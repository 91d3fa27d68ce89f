const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1536` is `1.5 kB`: units of 1024, as PostgreSQL writes them. */
export function bytesText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
