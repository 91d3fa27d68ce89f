import { vi } from 'vitest';

/** For a condition that another process makes true: machines are slow at times, and nothing here measures speed. */
export const WAIT = { timeout: 60_000, interval: 20 };

/** Repeats the check until it passes; rejects with its last error after 60 s. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, WAIT);
}

/** Holds whoever passes until the test opens it. */
export interface Gate {
  open(): void;
  /** Resolves when somebody has arrived. */
  readonly reached: Promise<void>;
  pass(): Promise<void>;
}

export function gate(): Gate {
  let open = () => {};
  let reach = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  const reached = new Promise<void>(resolve => {
    reach = resolve;
  });
  return {
    open,
    reached,
    async pass() {
      reach();
      await opened;
    },
  };
}
