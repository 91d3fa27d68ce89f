import { setTimeout } from 'node:timers/promises';

/** Serialization failure, deadlock: the transaction did nothing and may be tried again soon. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);
const CONFLICT_ATTEMPTS = 5;
/** The first pause at most, doubled by each conflict: at once, the other transaction would still be there. */
const CONFLICT_PAUSE_MS = 10;

/** Runs a transaction, or a statement that is one, again after a conflict with another: five times in all. */
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
