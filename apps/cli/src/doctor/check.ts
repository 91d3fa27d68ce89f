export type Status = 'ok' | 'warning' | 'error';

/** What one check found. `check` is its name, as docs/doctor.md explains it. */
export interface Check {
  readonly check: string;
  readonly status: Status;
  /** What was found, as a sentence without its full stop. */
  readonly found: string;
  /** What to do about it; the command that mends it where there is one. */
  readonly remedy?: string;
}

export function ok(check: string, found: string): Check {
  return { check, status: 'ok', found };
}

export function warning(check: string, found: string, remedy: string): Check {
  return { check, status: 'warning', found, remedy };
}

export function error(check: string, found: string, remedy: string): Check {
  return { check, status: 'error', found, remedy };
}
