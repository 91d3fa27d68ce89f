import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 50;

/** Asks until the answer is true: resolves to true then, to false when the time is over. Throws on abort. */
export async function until(
  holds: () => Promise<boolean>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    if (await holds()) return true;
    if (Date.now() > deadline) return false;
    await delay(INTERVAL_MS, undefined, { signal });
  }
}
