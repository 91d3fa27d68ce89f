import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { throughConflicts } from './conflicts.js';
import { type EffectIdentity, effectIdentity } from './effect.js';
import { distinct, type Entry, entryKey, keyOf } from './once-for-all.js';
import { recordDone } from './record-done.js';
import { fromColumn } from './result-column.js';
import { checkResults } from './results.js';
import { run } from './run-statement.js';
import { sourceOf } from './schema.js';
import type { SnapshotText } from './snapshot.js';
import { notEnded, notShown, notVisible } from './visible.js';

export interface EffectForAllOptions<E extends Entry> {
  readonly pool: Pool;
  readonly queue: string;
  readonly entries: readonly E[];
  /** Errors of changes that are settled without their effect. `act` may add more. */
  readonly failures: Map<E, Error>;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly onResultLost?: (reason: Error) => void;
}

interface Ledgered {
  readonly change_id: string;
  readonly source: string;
  readonly state: 'intended' | 'done';
  readonly result: unknown;
  readonly sourced: boolean;
  readonly snapshot: SnapshotText;
}

/** Keys by which an outside system recognises repetitions of the effects of several changes. */
export interface BatchEffectIdentity<E> {
  readonly idempotencyKey: string;
  of(entry: E): EffectIdentity;
}

/**
 * `effect` for several changes in one call of `act`, which gets the changes whose effect is not recorded as done.
 * Afterwards records the effect for all changes that `act` has not settled with an error. Resolves to the results of
 * the changes whose effect is done, by entryKey.
 */
export async function effectForAll<E extends Entry, R>(
  options: EffectForAllOptions<E>,
  act: (due: readonly E[], identity: BatchEffectIdentity<E>) => Promise<readonly R[]> | Promise<void>,
): Promise<Map<string, R>> {
  const { queue, name, failures } = options;
  const left = distinct(options.entries.filter(entry => !failures.has(entry)));
  const results = new Map<string, R>();
  if (left.length === 0) return results;
  const rows = await intendAll(options, left);
  for (const [key, row] of rows) if (row.state === 'done') results.set(key, fromColumn(row.result));
  const open = left.filter(entry => rows.get(entryKey(entry))?.state !== 'done');
  const snapshot = rows.values().next().value?.snapshot;
  if (snapshot !== undefined)
    // The receiver of a webhook or the reader of a mail may read the row, so its transaction must be visible.
    for (const each of await notEnded(options, notShown(snapshot, open), snapshot))
      failures.set(each, notVisible(each.tx));
  const due = open.filter(entry => !failures.has(entry));
  if (due.length === 0) return results;
  const of = (entry: E) => {
    const source = rows.get(entryKey(entry))?.sourced === false ? '' : sourceOf(entry.jobId);
    return effectIdentity({ queue, changeId: entry.changeId, name, source });
  };
  const made = resultsOf(
    due,
    (await act(due, { idempotencyKey: keyOfAll(due.map(of)), of })) ?? undefined,
    options,
  );
  const done = due.flatMap((entry, index) =>
    failures.has(entry) ? [] : [{ entry, result: made?.[index] as R }],
  );
  await recordDone(
    options,
    done.map(({ entry, result }) => ({ changeId: entry.changeId, source: sourceOf(entry.jobId), result })),
  );
  for (const { entry, result } of done) results.set(entryKey(entry), result);
  return results;
}

/** Drops a list of results of the wrong length. The effects have happened, so they are recorded anyway. */
export function resultsOf<R>(
  due: readonly unknown[],
  made: readonly R[] | undefined,
  { onResultLost }: Pick<EffectForAllOptions<Entry>, 'onResultLost'>,
): readonly R[] | undefined {
  try {
    checkResults(due, made);
    return made;
  } catch (error) {
    onResultLost?.(error as Error);
    return undefined;
  }
}

async function intendAll<E extends Entry>(
  options: EffectForAllOptions<E>,
  entries: readonly E[],
): Promise<Map<string, Ledgered>> {
  const { rows } = await throughConflicts(() =>
    run<Ledgered>(
      options,
      `INSERT INTO walmq.effects AS e (queue, change_id, name, job_id) SELECT $1, t.change_id, $2, t.job_id
         FROM unnest($3::text[], $4::text[]) AS t (change_id, job_id)
       ON CONFLICT (queue, change_id, name, source) DO UPDATE
         SET attempts = e.attempts + CASE e.state WHEN 'done' THEN 0 ELSE 1 END
       RETURNING change_id, source, state, result, sourced, pg_current_snapshot()::text AS snapshot`,
      [
        options.queue,
        options.name,
        entries.map(({ changeId }) => changeId),
        entries.map(({ jobId }) => jobId),
      ],
    ),
  );
  return new Map(rows.map(row => [keyOf(row.change_id, row.source), row]));
}

/** Idempotency key of a set of effects, derived from the keys of its members. */
export function keyOfAll(identities: readonly EffectIdentity[]): string {
  const hash = createHash('sha256');
  for (const { idempotencyKey } of identities) hash.update(idempotencyKey);
  return hash.digest('hex').slice(0, 32);
}
