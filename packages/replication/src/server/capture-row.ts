import { type Lsn, parseLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Slot, Source } from './slot.js';

/** Where the changes of a slot go. */
export interface Home {
  /** Identity of the keys of Redis. */
  readonly id: string;
  /** Address of Redis, without user and password. */
  readonly redis: string;
  readonly prefix: string;
  /** Host of the capture that streamed last. */
  readonly host: string;
}

/** A row of walmq.capture: facts that the database stores about the captures of a slot. */
export interface CaptureRow {
  /** The slot's confirmed LSN when a capture first read a slot of this name. */
  readonly firstLsn: Lsn;
  /** System identifier of the server in which the row was written; null in rows of older versions of walmq. */
  readonly systemIdentifier: string | null;
  /** Database in which the row was written; null in rows of older versions of walmq. */
  readonly database: string | null;
  /** LSN, as text, at which set-up created the slot again; null while the slot is the one that was read first. */
  readonly madeLsn: string | null;
  /** The checkpoint with which capture rejected this database, and the reason; null if it never did. */
  readonly refusal: { readonly checkpoint: string; readonly reason: string } | null;
  /** Where the changes went last; null if no capture has noted it. */
  readonly home: Home | null;
}

/** Returns undefined if no capture has read a slot of this name. Columns that set-up has not added yet are null. */
export async function readCaptureRow(client: ClientBase, slot: string): Promise<CaptureRow | undefined> {
  const { rows } = await client.query<{ row: Record<string, unknown> }>(
    'SELECT to_jsonb(c) AS row FROM walmq.capture c WHERE slot = $1',
    [slot],
  );
  const row = rows[0]?.row;
  return (
    row && {
      firstLsn: parseLsn(row.first_lsn as string),
      systemIdentifier: (row.system_identifier ?? null) as string | null,
      database: (row.database ?? null) as string | null,
      madeLsn: (row.made_lsn ?? null) as string | null,
      refusal: (row.refusal ?? null) as CaptureRow['refusal'],
      home: (row.home ?? null) as Home | null,
    }
  );
}

/**
 * Returns true if the row was written in another server and came here with a dump. A row of an older version has no system
 * identifier. For such a row the position decides: a slot is never before the LSN at which it was first read.
 */
export function isFromElsewhere(
  { systemIdentifier, firstLsn }: Pick<CaptureRow, 'systemIdentifier' | 'firstLsn'>,
  { confirmedFlushLsn }: Pick<Slot, 'confirmedFlushLsn'>,
  source: Pick<Source, 'systemIdentifier'>,
): boolean {
  if (systemIdentifier !== null) return systemIdentifier !== source.systemIdentifier;
  return confirmedFlushLsn < firstLsn;
}

/** Stores the confirmed LSN of a slot that a capture reads for the first time. `over`: replaces a row of another server. */
export async function writeFirstLsn(
  client: ClientBase,
  { name }: Pick<Slot, 'name'>,
  { over }: { readonly over: boolean },
): Promise<void> {
  await client.query(
    over
      ? `UPDATE walmq.capture c SET first_lsn = s.confirmed_flush_lsn, started_at = now()
           FROM pg_replication_slots s WHERE s.slot_name = $1 AND c.slot = $1`
      : `INSERT INTO walmq.capture (slot, first_lsn)
           SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = $1 ON CONFLICT DO NOTHING`,
    [name],
  );
}

/**
 * Stores the server and the database of the row. Returns false if the write failed. A failure is no fault, because streaming
 * needs no write: the database may be read-only, the role may lack the right, or set-up has not migrated the table yet.
 */
export async function noteSource(client: ClientBase, slot: string, source: Source): Promise<boolean> {
  return await written(
    client.query('UPDATE walmq.capture SET system_identifier = $2, database = $3 WHERE slot = $1', [
      slot,
      source.systemIdentifier,
      source.database,
    ]),
  );
}

/**
 * Stores that capture rejected this database with a checkpoint. The row is in the database, not beside the checkpoint in
 * Redis, so that a copy of a server does not stop the captures of the original. Returns false if the write failed.
 */
export async function noteRefusal(
  client: ClientBase,
  slot: string,
  refusal: NonNullable<CaptureRow['refusal']>,
): Promise<boolean> {
  const { checkpoint, reason } = refusal;
  return await written(
    client.query(
      `INSERT INTO walmq.capture AS c (slot, first_lsn, refusal)
         SELECT slot_name, confirmed_flush_lsn, $2 FROM pg_replication_slots WHERE slot_name = $1
       ON CONFLICT (slot) DO UPDATE SET refusal = EXCLUDED.refusal`,
      [slot, JSON.stringify({ checkpoint, reason })],
    ),
  );
}

/** Stores where the changes of the slot go, and that a capture reads it now. Returns false if the write failed. */
export async function noteHome(client: ClientBase, slot: string, home: Home): Promise<boolean> {
  return await written(
    client.query(`UPDATE walmq.capture SET home = $2::jsonb || ${SEEN_NOW} WHERE slot = $1`, [
      slot,
      JSON.stringify(home),
    ]),
  );
}

/** Stores that a capture reads the slot now. Returns false if the write failed. */
export async function noteSeen(client: ClientBase, slot: string): Promise<boolean> {
  return await written(
    client.query(`UPDATE walmq.capture SET home = home || ${SEEN_NOW} WHERE slot = $1 AND home IS NOT NULL`, [
      slot,
    ]),
  );
}

const SEEN_NOW = `jsonb_build_object('seenAt', now())`;

/** Another pipeline of this database. */
export interface OtherPipeline {
  readonly slot: string;
  readonly database: string;
  /** True while a capture reads the slot. */
  readonly active: boolean;
  /** When the first capture of the slot started, as ISO 8601. */
  readonly since: string;
  /** When a capture was last seen to read the slot, to the minute; null if none has noted it. */
  readonly seenAt: string | null;
  readonly home: Home | null;
}

/** The other slots of this database that a capture of walmq has read. Empty if walmq.capture is missing or may not be read. */
export async function readPipelinesBeside(client: ClientBase, slot: string): Promise<OtherPipeline[]> {
  const query = client.query<OtherPipeline>(
    `SELECT c.slot, s.database, s.active, to_json(c.started_at) #>> '{}' AS since,
            CASE WHEN s.active THEN to_json(now()) #>> '{}' ELSE to_jsonb(c) -> 'home' ->> 'seenAt' END AS "seenAt",
            to_jsonb(c) -> 'home' AS home
       FROM walmq.capture c JOIN pg_replication_slots s ON s.slot_name = c.slot AND s.database = current_database()
      WHERE c.slot <> $1 ORDER BY 1`,
    [slot],
  );
  return await query.then(
    ({ rows }) => rows,
    () => [],
  );
}

async function written(query: Promise<unknown>): Promise<boolean> {
  return await query.then(
    () => true,
    () => false,
  );
}
