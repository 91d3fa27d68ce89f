import type { Json } from '@walmq/change';
import { effectIdentity, resultOfColumn } from '@walmq/worker';
import type { ClientBase } from 'pg';
import { utc } from '../log/read-log.js';
import type { EffectView, QueueEntry } from './trace.js';

/** What the inbox and the ledger of effects hold, by `recordKey`. */
export interface Records {
  readonly inbox: ReadonlyMap<string, NonNullable<QueueEntry['inbox']> & { readonly jobId: string }>;
  readonly effects: ReadonlyMap<string, readonly EffectView[]>;
  /** `missing`: the tables are not set up. `forbidden`: this role may not read them. */
  readonly problem?: 'missing' | 'forbidden';
}

export const NO_RECORDS: Records = { inbox: new Map(), effects: new Map() };

export function recordKey(queue: string, changeId: string): string {
  return `${queue} ${changeId}`;
}

interface InboxRow {
  readonly queue: string;
  readonly change_id: string;
  readonly job_id: string;
  readonly result: unknown;
  readonly done_at: string;
}

interface EffectRow extends Omit<InboxRow, 'done_at'> {
  readonly name: string;
  readonly state: EffectView['state'];
  readonly attempts: number;
  readonly source: string;
  readonly sourced: boolean;
  readonly intended_at: string;
  readonly done_at: string | null;
}

/** Reads the records of these changes in these queues. `source`: leaves out records of other databases; undefined: reads all. */
export async function readRecords(
  client: ClientBase,
  {
    queues,
    changeIds,
    source,
  }: {
    readonly queues: readonly string[];
    readonly changeIds: readonly string[];
    readonly source: string | undefined;
  },
): Promise<Records> {
  const { rows: facts } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('walmq.inbox') IS NOT NULL AND to_regclass('walmq.effects') IS NOT NULL AS there",
  );
  if (!facts[0]?.there) return { ...NO_RECORDS, problem: 'missing' };
  // Both primary keys begin with queue and change_id.
  const which = 'queue = ANY ($1) AND change_id = ANY ($2) AND ($3::text IS NULL OR source = $3)';
  const values = [queues, changeIds, source ?? null];
  try {
    const inbox = await client.query<InboxRow>(
      `SELECT queue, change_id, job_id, result, ${utc('done_at')} AS done_at FROM walmq.inbox WHERE ${which}`,
      values,
    );
    const effects = await client.query<EffectRow>(
      `SELECT queue, change_id, job_id, name, state, attempts, result, source, sourced,
              ${utc('intended_at')} AS intended_at, ${utc('done_at')} AS done_at
         FROM walmq.effects WHERE ${which} ORDER BY effects.intended_at, name`,
      values,
    );
    const byChange = new Map<string, EffectView[]>();
    for (const row of effects.rows) {
      const key = recordKey(row.queue, row.change_id);
      byChange.set(key, [...(byChange.get(key) ?? []), effectOf(row)]);
    }
    return {
      inbox: new Map(
        inbox.rows.map(({ queue, change_id, job_id, done_at, result }) => [
          recordKey(queue, change_id),
          { doneAt: done_at, result: resultOfColumn<Json>(result), jobId: job_id },
        ]),
      ),
      effects: byChange,
    };
  } catch (error) {
    if (String((error as { code?: unknown }).code) === '42501')
      return { ...NO_RECORDS, problem: 'forbidden' };
    throw error;
  }
}

function effectOf(row: EffectRow): EffectView {
  const { queue, change_id: changeId, name, state, attempts, result, source, sourced } = row;
  return {
    name,
    state,
    attempts,
    intendedAt: row.intended_at,
    doneAt: row.done_at,
    // As the effect itself had it: see effect().
    ...effectIdentity({ queue, changeId, name, source: sourced ? source : '' }),
    result: resultOfColumn<Json>(result),
  };
}
