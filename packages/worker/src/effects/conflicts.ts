import { setTimeout } from 'node:timers/promises';

/** SQLSTATEs of a serialization failure and a deadlock: the transaction did nothing and can be retried soon. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const CONFLICT_ATTEMPTS = 5;
/**
 * Maximum milliseconds of the first pause. Each conflict doubles it. Without a pause the other transaction would still be
 * open.
 */
const CONFLICT_PAUSE_MS = 10;

/**
 * Retries a transaction, or a single statement, after a conflict with another transaction. Makes five attempts at most.
 */
export async function throughConflicts<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt >= CONFLICT_ATTEMPTS || !CONFLICTS.has((Object(error) as { code?: unknown }).code))
        throw error;
      await setTimeout(Math.random() * CONFLICT_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}
