import { setTimeout } from 'node:timers/promises';
import { WalmqError } from '@walmq/change';
import { outcomeOf } from '../failure/outcome.js';
import { reasonOf } from '../failure/reason.js';
import type { DatabasePool } from '../own-clients.js';
import { toColumn } from './result-column.js';
import { run } from './run-statement.js';

/** Milliseconds of the first pause before the record is retried. Each retry doubles it, up to MAX_PAUSE_MS. */
const PAUSE_MS = 20;
const MAX_PAUSE_MS = 1000;
const RECORD_TIMEOUT_MS = 5000;

interface RecordOptions {
  readonly pool: DatabasePool;
  readonly queue: string;
  /** Name of the effect among the effects of each change. */
  readonly name: string;
  readonly deadlineMs: number;
  /** Called if the result could not be stored with the record. A repetition then resolves to null. */
  readonly onResultLost?: (reason: Error) => void;
}

/** An effect that has happened. */
interface Made {
  readonly changeId: string;
  readonly source: string;
  readonly result: unknown;
}

/**
 * Records effects that have happened, with their results if PostgreSQL can store them. Retries for `deadlineMs`, also
 * beyond the handler's own deadline, because an effect without a record is repeated. Throws EFFECT_NOT_RECORDED.
 */
export async function recordDone(options: RecordOptions, made: readonly Made[]): Promise<void> {
  const { deadlineMs, name, onResultLost } = options;
  const giveUpAtMs = performance.now() + deadlineMs;
  let columns = made.map(({ result }) => columnOf(result, onResultLost));
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await writeDone(options, made, columns);
    } catch (error) {
      const isLasting = outcomeOf(error) === 'give-up';
      if (isLasting && columns.some(column => column !== null)) {
        // The result may be too large or too deep for PostgreSQL. Record the effect without its result.
        onResultLost?.(error as Error);
        columns = made.map(() => null);
        continue;
      }
      if (isLasting || performance.now() + pauseMs > giveUpAtMs) throw notRecorded(name, error as Error);
      await setTimeout(pauseMs);
    }
  }
}

/** The form of a result in the record. Null, and a call of `onResultLost`, if JSON cannot hold the result. */
export function columnOf(result: unknown, onResultLost: RecordOptions['onResultLost']): string | null {
  try {
    return toColumn(result);
  } catch (error) {
    onResultLost?.(error as Error);
    return null;
  }
}

async function writeDone(
  { pool, queue, name, deadlineMs }: RecordOptions,
  made: readonly Made[],
  columns: readonly (string | null)[],
): Promise<void> {
  await run(
    // Detect a server that does not answer while there is still time for a retry.
    { pool, deadlineMs: Math.min(deadlineMs, RECORD_TIMEOUT_MS) },
    `UPDATE walmq.effects e SET state = 'done', result = t.result::jsonb, done_at = now()
       FROM unnest($3::text[], $4::text[], $5::text[]) AS t (change_id, source, result)
      WHERE e.queue = $1 AND e.name = $2 AND e.change_id = t.change_id AND e.source = t.source`,
    [queue, name, made.map(({ changeId }) => changeId), made.map(({ source }) => source), columns],
  );
}

function notRecorded(name: string, cause: Error): WalmqError {
  return new WalmqError(
    'EFFECT_NOT_RECORDED',
    `effect "${name}" was made, but PostgreSQL did not take the record of it: ${reasonOf(cause)}.`,
    { remedy: 'The next try makes it again, under the same identity.', facts: { effect: name }, cause },
  );
}
