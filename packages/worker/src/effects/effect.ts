import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type ChangeTransaction, WalmqError } from '@walmq/change';
import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { outcomeOf } from '../failure/outcome.js';
import { reasonOf } from '../failure/reason.js';
import { throughConflicts } from './conflicts.js';
import { poolExhausted } from './pool-exhausted.js';
import { fromColumn, toColumn } from './result-column.js';
import { sourceOf } from './schema.js';
import { isShown, type SnapshotText } from './snapshot.js';
import { untilEnded } from './visible.js';

export interface EffectOptions {
  readonly pool: Pool;
  readonly queue: string;
  readonly changeId: string;
  /** Of the BullMQ job that carries the change: as long as it exists, the change may come again. */
  readonly jobId: string;
  /** The change's own, which the act is to see; undefined: it may act before that is visible. */
  readonly tx?: ChangeTransaction | undefined;
  /** Ends the wait for `tx`. Default: only time does. */
  readonly signal?: AbortSignal;
  /** Which of the change's effects: its own name for each. */
  readonly name: string;
  /** Milliseconds after which a statement counts as failed, so that a server gone silent does not hold the change. */
  readonly deadlineMs: number;
  /** Hears of a result that could not be kept with the record; a repetition resolves to null then. */
  readonly onResultLost?: (reason: Error) => void;
}

/** The first pause before a record is tried again, doubled up to the longest. */
const PAUSE_MS = 20;
const MAX_PAUSE_MS = 1000;
const RECORD_TIMEOUT_MS = 5000;

/** What the outside world can tell a repetition by; the same at every attempt. */
export interface EffectIdentity {
  /** 32 hex digits, for an Idempotency-Key header. */
  readonly idempotencyKey: string;
  /** For a mail: `<...@walmq>`. */
  readonly messageId: string;
}

/**
 * An effect outside PostgreSQL (a mail, a webhook): a row says that it is intended, then that it is done, so that a
 * retry after a later step's failure does not repeat it. A process that dies between the act and the record repeats
 * the act once, with the same identity: no protocol between two systems can do better. A process that lives has made the
 * act, and records it whatever the result is and however often PostgreSQL has to be asked. Throws EFFECT_NOT_RECORDED.
 */
export async function effect<T>(
  options: EffectOptions,
  act: (identity: EffectIdentity) => Promise<T>,
): Promise<T> {
  const { tx, signal = new AbortController().signal } = options;
  const row = await intend(options);
  if (row?.state === 'done') return fromColumn(row.result);
  // Whoever is told may look: a receiver of a webhook, a reader of a mail.
  if (tx && row && !isShown(row.snapshot, tx.xid)) await untilEnded({ ...options, tx, signal }, row.snapshot);
  const source = row?.sourced === false ? '' : sourceOf(options.jobId);
  const result = await act(effectIdentity({ ...options, source }));
  await recordDone(options, result);
  return result;
}

interface Ledgered {
  readonly state: 'intended' | 'done';
  readonly result: unknown;
  readonly sourced: boolean;
  readonly snapshot: SnapshotText;
}

/** Nothing is done yet: but for a conflict, which passes at once, a failure is the next try's. */
async function intend(options: EffectOptions): Promise<Ledgered | undefined> {
  const { queue, changeId, jobId, name } = options;
  const text = `INSERT INTO walmq.effects AS e (queue, change_id, name, job_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (queue, change_id, name, source) DO UPDATE
       SET attempts = e.attempts + CASE e.state WHEN 'done' THEN 0 ELSE 1 END
     RETURNING state, result, sourced, pg_current_snapshot()::text AS snapshot`;
  const { rows } = await throughConflicts(() => run<Ledgered>(options, text, [queue, changeId, name, jobId]));
  return rows[0];
}

/**
 * Records the effect that has been made, and its result where that can be kept. Tries again for as long as a handler may
 * take, beyond its own deadline: what is given up here is done twice.
 */
async function recordDone(options: EffectOptions, result: unknown): Promise<void> {
  const { deadlineMs, name } = options;
  const giveUpAtMs = performance.now() + deadlineMs;
  let column = columnOf(options, result);
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    try {
      return await writeDone(options, column);
    } catch (error) {
      const isLasting = outcomeOf(error) === 'give-up';
      if (isLasting && column !== null) {
        // Too large or too deep for PostgreSQL, perhaps: that the effect is made can be said without it.
        options.onResultLost?.(error as Error);
        column = null;
        continue;
      }
      if (isLasting || performance.now() + pauseMs > giveUpAtMs) throw notRecorded(name, error as Error);
      await setTimeout(pauseMs);
    }
  }
}

function columnOf({ onResultLost }: EffectOptions, result: unknown): string | null {
  try {
    return toColumn(result);
  } catch (error) {
    onResultLost?.(error as Error);
    return null;
  }
}

async function writeDone(options: EffectOptions, column: string | null): Promise<void> {
  const { queue, changeId, jobId, name, deadlineMs } = options;
  await run(
    // A server that is gone without a word is to be found out while there is time to ask it again.
    { ...options, deadlineMs: Math.min(deadlineMs, RECORD_TIMEOUT_MS) },
    `UPDATE walmq.effects SET state = 'done', result = $4, done_at = now()
      WHERE queue = $1 AND change_id = $2 AND name = $3 AND source = $5`,
    [queue, changeId, name, column, sourceOf(jobId)],
  );
}

function notRecorded(name: string, cause: Error): WalmqError {
  return new WalmqError(
    'EFFECT_NOT_RECORDED',
    `effect "${name}" was made, but PostgreSQL did not take the record of it: ${reasonOf(cause)}.`,
    { remedy: 'The next try makes it again, under the same identity.', facts: { effect: name }, cause },
  );
}

/** Effects of a change that are recorded as done under other names than these. */
export async function effectsNotAskedFor(
  options: Pick<EffectOptions, 'pool' | 'queue' | 'changeId' | 'jobId' | 'deadlineMs'> & {
    readonly names: readonly string[];
  },
): Promise<string[]> {
  const { rows } = await run<{ name: string }>(
    options,
    `SELECT name FROM walmq.effects
      WHERE queue = $1 AND change_id = $2 AND state = 'done' AND name <> ALL ($3) AND source = $4 ORDER BY name`,
    [options.queue, options.changeId, options.names, sourceOf(options.jobId)],
  );
  return rows.map(({ name }) => name);
}

async function run<R extends QueryResultRow>(
  { pool, deadlineMs }: Pick<EffectOptions, 'pool' | 'deadlineMs'>,
  text: string,
  values: unknown[],
): Promise<QueryResult<R>> {
  // On the driver's side: PostgreSQL's own statement_timeout needs an answer to be heard of.
  const statement = { text, values, query_timeout: deadlineMs };
  return await pool.query<R>(statement).catch(error => {
    throw poolExhausted(pool, error);
  });
}

/** From queue, source, change and name alone, so that it is the same at every attempt and in every process. */
export function effectIdentity({
  queue,
  source = '',
  changeId,
  name,
}: Pick<EffectOptions, 'queue' | 'changeId' | 'name'> & {
  /** As a handler's context names it: the same id is another change's in another database. */
  readonly source?: string;
}): EffectIdentity {
  const change = source === '' ? changeId : `${source}/${changeId}`;
  const idempotencyKey = createHash('sha256').update(`${queue}/${change}/${name}`).digest('hex').slice(0, 32);
  return { idempotencyKey, messageId: `<${idempotencyKey}@walmq>` };
}
