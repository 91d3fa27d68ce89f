const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 MiB`; a dash if unknown. */
export function bytes(count: number | null): string {
  if (count === null) return '–';
  const unit = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** unit;
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** `850 ms`, `42 s`, `3 min`, `5 h`, `2 d`: one unit. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds > 0 && seconds < 1) return `${Math.ceil(seconds * 1000)} ms`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 100 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `12,345`; fractions only for small numbers. */
export function count(value: number | null): string {
  if (value === null) return '–';
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** `≥ 3 min` for a lower bound. */
export function atLeast(isLeast: boolean, text: string): string {
  return isLeast ? `≥ ${text}` : text;
}

/** `1 change`, `2 changes` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `12:00:03 UTC` for an ISO time. */
export function clock(iso: string): string {
  return `${iso.slice(11, 19)} UTC`;
}
