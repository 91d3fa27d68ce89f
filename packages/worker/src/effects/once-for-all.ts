import type { ChangeTransaction } from '@walmq/change';
import type { Pool, PoolClient } from 'pg';
import { throughConflicts } from './conflicts.js';
import { fromColumn } from './result-column.js';
import { columnsOf } from './results.js';
import { sourceOf } from './schema.js';
import type { SnapshotText } from './snapshot.js';
import { inTransaction } from './transaction.js';
import { notEnded, notShown, notVisible } from './visible.js';

/** The fields of a batch's change that the kit's tables store. */
export interface Entry {
  readonly changeId: string;
  /** Id of the BullMQ job of the change. */
  readonly jobId: string;
  /** The change's transaction, which the effect must see. Undefined: the effect does not wait for it. */
  readonly tx?: ChangeTransaction | undefined;
}

/** Key of a change in the inbox and in the records of effects, within a queue. Two jobs may contain the same change. */
export function entryKey({ changeId, jobId }: Entry): string {
  return keyOf(changeId, sourceOf(jobId));
}

export function keyOf(changeId: string, source: string): string {
  return `${source}/${changeId}`;
}

export interface OnceForAllOptions<E extends Entry> {
  readonly pool: Pool;
  readonly queue: string;
  /** Sorted by change, so that two batches insert in the same order and cannot wait for each other. */
  readonly entries: readonly E[];
  /** Errors of changes that are settled without their effect. `act` may add more. */
  readonly failures: Map<E, Error>;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/** Thrown to roll back a transaction that does not see the transactions of some changes. */
class NotShown<E> extends Error {
  readonly hidden: readonly E[];
  readonly snapshot: SnapshotText;

  constructor(hidden: readonly E[], snapshot: SnapshotText) {
    super('the transactions of some changes are not visible');
    this.hidden = hidden;
    this.snapshot = snapshot;
  }
}

/** Thrown to roll back a transaction that may contain a part of the effect of a change that `act` has settled. */
export class Settled extends Error {}

/**
 * `once` for several changes in one transaction. `act` gets the changes whose effect is not in the inbox yet, and their
 * inbox rows are committed with the effect. If `act` settles a change, a new transaction runs without that change, so
 * that nothing of its effect remains. Resolves to the results of the changes whose effect is done, by entryKey.
 */
export async function onceForAll<E extends Entry, R>(
  options: OnceForAllOptions<E>,
  act: (tx: PoolClient, due: readonly E[]) => Promise<readonly R[]> | Promise<void>,
): Promise<Map<string, R>> {
  const { entries, failures } = options;
  const awaited = new Set(entries.filter(({ tx }) => tx !== undefined));
  for (;;) {
    try {
      return await throughConflicts(() => {
        const left = distinct(entries.filter(entry => !failures.has(entry)));
        if (left.length === 0) return Promise.resolve(new Map());
        return inTransaction(options, tx => recordAll(tx, { ...options, left, awaited }, act));
      });
    } catch (error) {
      if (error instanceof Settled) continue;
      if (!(error instanceof NotShown)) throw error;
      const hidden = error.hidden as readonly E[];
      for (const each of await notEnded(options, hidden, error.snapshot))
        failures.set(each, notVisible(each.tx));
      for (const entry of hidden) awaited.delete(entry);
    }
  }
}

/** The first entry of each key: entries with the same key share one row. */
export function distinct<E extends Entry>(entries: readonly E[]): E[] {
  const first = new Map<string, E>();
  for (const entry of entries) if (!first.has(entryKey(entry))) first.set(entryKey(entry), entry);
  return [...first.values()];
}

async function recordAll<E extends Entry, R>(
  tx: PoolClient,
  options: OnceForAllOptions<E> & { readonly left: readonly E[]; readonly awaited: ReadonlySet<E> },
  act: (tx: PoolClient, due: readonly E[]) => Promise<readonly R[]> | Promise<void>,
): Promise<Map<string, R>> {
  const { queue, left, awaited, failures } = options;
  // Insert the rows first: another worker with one of these changes waits here until we commit or roll back.
  const { rows: inserted } = await tx.query<{ change_id: string; source: string; snapshot: SnapshotText }>(
    `INSERT INTO walmq.inbox (queue, change_id, job_id) SELECT $1, t.change_id, t.job_id
       FROM unnest($2::text[], $3::text[]) AS t (change_id, job_id)
     ON CONFLICT DO NOTHING RETURNING change_id, source, pg_current_snapshot()::text AS snapshot`,
    [queue, left.map(({ changeId }) => changeId), left.map(({ jobId }) => jobId)],
  );
  const own = new Set(inserted.map(row => keyOf(row.change_id, row.source)));
  const due = left.filter(entry => own.has(entryKey(entry)));
  const results = new Map<string, R>();
  if (due.length < left.length) {
    const { rows } = await tx.query<{ change_id: string; source: string; result: unknown }>(
      `SELECT i.change_id, i.source, i.result FROM unnest($2::text[], $3::text[]) AS t (change_id, source)
         JOIN walmq.inbox i ON i.queue = $1 AND i.change_id = t.change_id AND i.source = t.source`,
      [queue, left.map(({ changeId }) => changeId), left.map(({ jobId }) => sourceOf(jobId))],
    );
    for (const row of rows) results.set(keyOf(row.change_id, row.source), fromColumn(row.result));
  }
  const [first] = inserted;
  if (!first) return results;
  const { snapshot } = first;
  const hidden = notShown(
    snapshot,
    due.filter(entry => awaited.has(entry)),
  );
  if (hidden.length > 0) throw new NotShown(hidden, snapshot);
  const { made, columns } = await actOn(due, failures, () => act(tx, due));
  for (const [index, entry] of due.entries()) results.set(entryKey(entry), made?.[index] as R);
  if (columns.some(column => column !== null))
    await tx.query(
      `UPDATE walmq.inbox i SET result = t.result::jsonb
         FROM unnest($2::text[], $3::text[], $4::text[]) AS t (change_id, source, result)
        WHERE i.queue = $1 AND i.change_id = t.change_id AND i.source = t.source`,
      [queue, due.map(({ changeId }) => changeId), due.map(({ jobId }) => sourceOf(jobId)), columns],
    );
  return results;
}

/**
 * Runs `act` for the changes that are due. Resolves to its results and their form in the inbox. Throws Settled if `act`
 * has settled one of the changes.
 */
export async function actOn<E extends Entry, R>(
  due: readonly E[],
  failures: Map<E, Error>,
  act: () => Promise<readonly R[]> | Promise<void>,
): Promise<{ made: readonly R[] | undefined; columns: (string | null)[] }> {
  const before = new Map(failures);
  const made =
    (await act().catch(error => {
      // Restore the failures: the transaction is rolled back, and `act` may decide otherwise when it runs again.
      failures.clear();
      for (const [entry, failure] of before) failures.set(entry, failure);
      throw error;
    })) ?? undefined;
  if (due.some(entry => failures.has(entry))) throw new Settled();
  return { made, columns: columnsOf(due, made) };
}
