import { formatLsn, type Lsn, parseLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Unreadable } from './find-unreadable.js';
import type { UnreadableDetails } from './read-unreadable.js';

/** A transaction that was skipped with `walmq skip`. */
export interface Skipped {
  readonly commitLsn: Lsn;
  readonly xid: number | null;
  readonly tables: readonly string[];
  readonly reason: string;
  readonly skippedAt: string;
  readonly skippedBy: string;
}

/** Records the skipped transaction in walmq.skipped, permanently. */
export async function noteSkipped(
  client: ClientBase,
  slot: string,
  {
    unreadable,
    details,
  }: { readonly unreadable: Unreadable; readonly details: UnreadableDetails | undefined },
): Promise<void> {
  await client.query(
    `INSERT INTO walmq.skipped (slot, commit_lsn, behind_lsn, xid, tables, reason) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      slot,
      formatLsn(unreadable.commitLsn),
      formatLsn(unreadable.behind),
      details?.xid ?? null,
      details?.tables.map(({ table }) => table) ?? [],
      unreadable.reason,
    ],
  );
}

/**
 * Returns the skipped transactions of a slot, the latest first. Returns none if set-up has not created the table yet, or if
 * the role may not read it.
 */
export async function readSkipped(client: ClientBase, slot: string): Promise<Skipped[]> {
  const there = await client.query(
    `SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'walmq' AND c.relname = 'skipped' AND has_schema_privilege(n.oid, 'USAGE')
        AND has_table_privilege(c.oid, 'SELECT')`,
  );
  if (there.rowCount === 0) return [];
  const { rows } = await client.query<Omit<Skipped, 'commitLsn'> & { commit_lsn: string }>(
    `SELECT commit_lsn, xid::float8 AS xid, tables, reason, skipped_by AS "skippedBy",
            to_json(skipped_at) #>> '{}' AS "skippedAt"
       FROM walmq.skipped WHERE slot = $1 ORDER BY skipped_at DESC`,
    [slot],
  );
  return rows.map(({ commit_lsn, ...rest }) => ({ ...rest, commitLsn: parseLsn(commit_lsn) }));
}
