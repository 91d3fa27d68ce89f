import { createHash } from 'node:crypto';
import type { ChangeTransaction } from '@walmq/change';
import type { DatabasePool } from '../own-clients.js';
import { throughConflicts } from './conflicts.js';
import { type Entry, keyOf } from './once-for-all.js';
import { recordDone } from './record-done.js';
import { fromColumn } from './result-column.js';
import { run } from './run-statement.js';
import { sourceOf } from './schema.js';
import { isShown, type SnapshotText } from './snapshot.js';
import { untilEnded } from './visible.js';

/** Which change an effect belongs to, and where it is recorded. */
export interface EffectOptions {
  readonly pool: DatabasePool;
  readonly queue: string;
  readonly changeId: string;
  /** Id of the BullMQ job of the change. While the job exists, the change may be delivered again. */
  readonly jobId: string;
  /** The change's transaction, which must be visible before `act` runs. Undefined: `act` does not wait for it. */
  readonly tx?: ChangeTransaction | undefined;
  /** Ends the wait for `tx`. Default: only the time limit ends it. */
  readonly signal?: AbortSignal;
  /** Name of the effect among the change's effects. */
  readonly name: string;
  /**
   * Milliseconds after which a statement counts as failed, so that a server that does not answer does not block the
   * change.
   */
  readonly deadlineMs: number;
  /** Called if the result could not be stored with the record. A repetition then resolves to null. */
  readonly onResultLost?: (reason: Error) => void;
}

/** Keys by which an outside system recognises a repetition. They are the same at every attempt. */
export interface EffectIdentity {
  /** 32 hex digits, for an Idempotency-Key header. */
  readonly idempotencyKey: string;
  /** For the Message-ID of a mail: `<...@walmq>`. */
  readonly messageId: string;
}

/**
 * Runs an effect outside PostgreSQL (a mail, a webhook). A row records first that the effect is intended, then that it is
 * done, so that a retry after the failure of a later step does not repeat it. If the process dies between act and record,
 * the next attempt repeats the act with the same identity: no protocol between two systems can avoid that. Otherwise the
 * process records the act whatever its result is, and retries the record for as long as a handler may take. Throws
 * EFFECT_NOT_RECORDED.
 */
export async function effect<T>(
  options: EffectOptions,
  act: (identity: EffectIdentity) => Promise<T>,
): Promise<T> {
  const { tx, signal = new AbortController().signal } = options;
  const row = await intend(options);
  if (row?.state === 'done') return fromColumn(row.result);
  // The receiver of a webhook or the reader of a mail may read the row, so its transaction must be visible.
  if (tx && row && !isShown(row.snapshot, tx.xid)) await untilEnded({ ...options, tx, signal }, row.snapshot);
  const source = row?.sourced === false ? '' : sourceOf(options.jobId);
  const result = await act(effectIdentity({ ...options, source }));
  await recordDone(options, [{ changeId: options.changeId, source: sourceOf(options.jobId), result }]);
  return result;
}

interface Ledgered {
  readonly state: 'intended' | 'done';
  readonly result: unknown;
  readonly sourced: boolean;
  readonly snapshot: SnapshotText;
}

/**
 * Records the intention. Nothing has happened yet, so the next attempt handles a failure. Only conflicts, which pass at
 * once, are retried here.
 */
async function intend(options: EffectOptions): Promise<Ledgered | undefined> {
  const { queue, changeId, jobId, name } = options;
  const text = `INSERT INTO walmq.effects AS e (queue, change_id, name, job_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (queue, change_id, name, source) DO UPDATE
       SET attempts = e.attempts + CASE e.state WHEN 'done' THEN 0 ELSE 1 END
     RETURNING state, result, sourced, pg_current_snapshot()::text AS snapshot`;
  const { rows } = await throughConflicts(() => run<Ledgered>(options, text, [queue, changeId, name, jobId]));
  return rows[0];
}

/** Names of the effects that are recorded as done, by entryKey. */
export async function madeEffects(
  options: Pick<EffectOptions, 'pool' | 'queue' | 'deadlineMs'>,
  changes: readonly Entry[],
): Promise<Map<string, readonly string[]>> {
  const { rows } = await run<{ change_id: string; source: string; names: string[] }>(
    options,
    `SELECT e.change_id, e.source, array_agg(e.name ORDER BY e.name) AS names
       FROM unnest($2::text[], $3::text[]) AS t (change_id, source)
       JOIN walmq.effects e ON e.queue = $1 AND e.change_id = t.change_id AND e.source = t.source
      WHERE e.state = 'done' GROUP BY e.change_id, e.source`,
    [options.queue, changes.map(({ changeId }) => changeId), changes.map(({ jobId }) => sourceOf(jobId))],
  );
  return new Map(rows.map(({ change_id, source, names }) => [keyOf(change_id, source), names]));
}

/**
 * Derives the identity from queue, source, change and name only, so that it is the same at every attempt and in every
 * process.
 */
export function effectIdentity({
  queue,
  source = '',
  changeId,
  name,
}: Pick<EffectOptions, 'queue' | 'changeId' | 'name'> & {
  /** Must equal the source in a handler's context, because the same id is another change in another database. */
  readonly source?: string;
}): EffectIdentity {
  const change = source === '' ? changeId : `${source}/${changeId}`;
  const idempotencyKey = createHash('sha256').update(`${queue}/${change}/${name}`).digest('hex').slice(0, 32);
  return { idempotencyKey, messageId: `<${idempotencyKey}@walmq>` };
}
