import { setTimeout as delay } from 'node:timers/promises';

/** Limits for waiting for another process. They are generous, because machines can be slow and no test measures speed. */
export const WAIT = { timeout: 60_000, interval: 20 };

/** Repeats the check until it passes. Rejects with the last error after 60 s. */
export async function eventually(
  check: () => void | Promise<void>,
  { timeout, interval }: typeof WAIT = WAIT,
): Promise<void> {
  const deadline = Date.now() + timeout;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(interval);
    }
  }
}

/** Blocks every caller of `pass` until the test opens the gate. */
export interface Gate {
  open(): void;
  /** Resolves when a caller has arrived at the gate. */
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
