import { createHash } from 'node:crypto';
import type { ChangeTransaction } from '@walmq/change';
import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { connectionsTaken } from './connections-taken.js';
import { toJsonText } from './result-json.js';
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
}

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
 * the act once, with the same identity: no protocol between two systems can do better.
 */
export async function effect<T>(
  options: EffectOptions,
  act: (identity: EffectIdentity) => Promise<T>,
): Promise<T> {
  const { queue, changeId, jobId, name, tx, signal = new AbortController().signal } = options;
  const { rows } = await run<{ state: 'intended' | 'done'; result: T; snapshot: SnapshotText }>(
    options,
    `INSERT INTO walmq.effects AS e (queue, change_id, name, job_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (queue, change_id, name) DO UPDATE
       SET attempts = e.attempts + CASE e.state WHEN 'done' THEN 0 ELSE 1 END
     RETURNING state, result, pg_current_snapshot()::text AS snapshot`,
    [queue, changeId, name, jobId],
  );
  const [row] = rows;
  if (row?.state === 'done') return row.result;
  // Whoever is told may look: a receiver of a webhook, a reader of a mail.
  if (tx && row && !isShown(row.snapshot, tx.xid)) await untilEnded({ ...options, tx, signal }, row.snapshot);
  const result = await act(effectIdentity({ queue, changeId, name }));
  await run(
    options,
    `UPDATE walmq.effects SET state = 'done', result = $4, done_at = now()
      WHERE queue = $1 AND change_id = $2 AND name = $3`,
    [queue, changeId, name, toJsonText(result)],
  );
  return result;
}

/** Effects of a change that are recorded as done under other names than these. */
export async function effectsNotAskedFor(
  options: Pick<EffectOptions, 'pool' | 'queue' | 'changeId' | 'deadlineMs'> & {
    readonly names: readonly string[];
  },
): Promise<string[]> {
  const { rows } = await run<{ name: string }>(
    options,
    `SELECT name FROM walmq.effects
      WHERE queue = $1 AND change_id = $2 AND state = 'done' AND name <> ALL ($3) ORDER BY name`,
    [options.queue, options.changeId, options.names],
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
    throw connectionsTaken(pool, error);
  });
}

/** From queue, change and name alone, so that it is the same at every attempt and in every process. */
export function effectIdentity({
  queue,
  changeId,
  name,
}: Pick<EffectOptions, 'queue' | 'changeId' | 'name'>): EffectIdentity {
  const idempotencyKey = createHash('sha256')
    .update(`${queue}/${changeId}/${name}`)
    .digest('hex')
    .slice(0, 32);
  return { idempotencyKey, messageId: `<${idempotencyKey}@walmq>` };
}
