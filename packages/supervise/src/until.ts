import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 50;

/**
 * Polls until the answer is true and resolves to true; resolves to false when the time is over. Throws on
 * abort.
 */
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
