import { type Lsn, parseLsn, WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';

/** A row of pg_replication_slots. https://www.postgresql.org/docs/current/view-pg-replication-slots.html */
export interface Slot {
  readonly name: string;
  readonly type: 'logical' | 'physical';
  /** Output plugin; null for a physical slot. */
  readonly plugin: string | null;
  /** Database of the slot; null for a physical slot. */
  readonly database: string | null;
  readonly active: boolean;
  /** LSN before which everything has been acknowledged. */
  readonly confirmedFlushLsn: Lsn;
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | null;
  /**
   * Why the server invalidated the slot: `wal_removed`, `idle_timeout`, `wal_level_insufficient` or `rows_removed`.
   * Null if it did not, and before PostgreSQL 17.
   */
  readonly invalidationReason: string | null;
  /** Bytes of WAL that the server keeps for the slot; null if it keeps none. */
  readonly retainedWalBytes: number | null;
}

/** The database that the WAL comes from. Positions of two sources cannot be compared. */
export interface Source {
  /** Identifier that initdb generates; a standby has the same one, so failover does not change it. */
  readonly systemIdentifier: string;
  readonly database: string;
  readonly walEnd: Lsn;
}

interface SlotRow {
  slot_name: string;
  slot_type: Slot['type'];
  plugin: string | null;
  database: string | null;
  active: boolean;
  confirmed_flush_lsn: string | null;
  wal_status: string | null;
  reason: string | null;
  retained: string | null;
}

/** Returns undefined if there is no such slot. Reads `invalidation_reason` through jsonb, because older servers lack it. */
export async function readSlot(client: ClientBase, name: string): Promise<Slot | undefined> {
  const { rows } = await client.query<SlotRow>(
    `SELECT slot_name, slot_type, plugin, database, active, confirmed_flush_lsn, wal_status,
            to_jsonb(s) ->> 'invalidation_reason' AS reason,
            pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS retained
       FROM pg_replication_slots s WHERE slot_name = $1`,
    [name],
  );
  const row = rows[0];
  return (
    row && {
      name: row.slot_name,
      type: row.slot_type,
      plugin: row.plugin,
      database: row.database,
      active: row.active,
      confirmedFlushLsn: parseLsn(row.confirmed_flush_lsn ?? '0/0'),
      walStatus: row.wal_status,
      invalidationReason: row.reason,
      retainedWalBytes: row.retained === null ? null : Number(row.retained),
    }
  );
}

/** Reads the identity of the database. Throws DATABASE_IS_STANDBY: a standby writes no WAL of its own to read a slot from. */
export async function readSource(client: ClientBase): Promise<Source> {
  const { rows } = await client.query<{ sysid: string; database: string; wal_end: string | null }>(
    `SELECT (pg_control_system()).system_identifier::text AS sysid, current_database() AS database,
            CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn()::text END AS wal_end`,
  );
  const row = rows[0] as { sysid: string; database: string; wal_end: string | null };
  if (row.wal_end === null)
    throw new WalmqError('DATABASE_IS_STANDBY', 'the database is a standby, or not promoted yet.', {
      remedy: 'Nothing to do if it is being promoted; else point DATABASE_URL at the primary.',
    });
  return { systemIdentifier: row.sysid, database: row.database, walEnd: parseLsn(row.wal_end) };
}

/** Start time of the server in Unix seconds with microseconds: distinguishes servers that run at the same time. */
export async function readServerStart(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ started: string }>(
    'SELECT extract(epoch FROM pg_postmaster_start_time())::text AS started',
  );
  return rows[0]?.started as string;
}
