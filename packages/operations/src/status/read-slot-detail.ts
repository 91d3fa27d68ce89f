import type { ClientBase } from 'pg';

/** Facts about a slot that only newer servers know, or that only an operator needs. */
export interface SlotDetail {
  readonly activePid: number | null;
  /** Bytes that can still be written before the slot may be lost; null: no limit, or lost. */
  readonly safeWalBytes: number | null;
  /** Whether standbys keep it synchronised (PostgreSQL >= 17). */
  readonly failover: boolean | null;
}

/** Columns that older servers lack are read through jsonb. */
export async function readSlotDetail(client: ClientBase, name: string): Promise<SlotDetail | undefined> {
  const { rows } = await client.query<{
    active_pid: number | null;
    safe: string | null;
    failover: boolean | null;
  }>(
    `SELECT active_pid, safe_wal_size AS safe,
            (to_jsonb(s) ->> 'failover')::boolean AS failover
       FROM pg_replication_slots s WHERE slot_name = $1`,
    [name],
  );
  const row = rows[0];
  return (
    row && {
      activePid: row.active_pid,
      safeWalBytes: row.safe === null ? null : Number(row.safe),
      failover: row.failover,
    }
  );
}
