import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  /** Milliseconds between the end of one look and the next. */
  readonly everyMs: number;
  /** Milliseconds before the first look. Default: 0. */
  readonly startAfterMs?: number;
  /** Ends the poll. */
  readonly signal: AbortSignal;
  readonly look: () => Promise<void> | void;
}

/**
 * Looks again and again, never twice at the same time. Resolves after the signal, once the last look has ended; rejects as
 * soon as a look fails.
 */
export async function poll({ everyMs, startAfterMs = 0, signal, look }: PollOptions): Promise<void> {
  if (startAfterMs > 0) await pause(startAfterMs, signal);
  while (!signal.aborted) {
    await look();
    await pause(everyMs, signal);
  }
}

/** Resolves after so many milliseconds, or as soon as the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/**
 * The result, or undefined as soon as the signal comes. For a question that ends by itself, and whose answer nobody needs
 * any more then.
 */
export async function unlessAborted<T>(question: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const settled = new AbortController();
  const aborted = new Promise<undefined>(resolve => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { signal: settled.signal });
  });
  try {
    return await Promise.race([question, aborted]);
  } finally {
    settled.abort();
  }
}
