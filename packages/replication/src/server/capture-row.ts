import { type Lsn, parseLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Slot, Source } from './slot.js';

/** What the database itself keeps of a slot's captures: a row of walmq.capture. */
export interface CaptureRow {
  /** Where the slot stood when a capture first read one of its name. */
  readonly firstLsn: Lsn;
  /** The server and the database it was written in; null: by a version that did not say. */
  readonly systemIdentifier: string | null;
  readonly database: string | null;
  /** Where set-up made the slot anew, in PostgreSQL's text form; null while it is the one that was read first. */
  readonly madeLsn: string | null;
  /** The checkpoint that this database was refused with, and why; null when it never was. */
  readonly refusal: { readonly checkpoint: string; readonly reason: string } | null;
}

/** Undefined when no capture has read a slot of this name. Columns that a table not yet migrated lacks are null. */
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
    }
  );
}

/**
 * True when the row was written in another server, and came here with a dump. A slot never stands before where it was
 * first read, which tells of rows of older versions too.
 */
export function isFromElsewhere(
  { systemIdentifier, firstLsn }: Pick<CaptureRow, 'systemIdentifier' | 'firstLsn'>,
  { confirmedFlushLsn }: Pick<Slot, 'confirmedFlushLsn'>,
  source: Pick<Source, 'systemIdentifier'>,
): boolean {
  if (systemIdentifier !== null) return systemIdentifier !== source.systemIdentifier;
  return confirmedFlushLsn < firstLsn;
}

/** Notes where a slot stands that a capture reads for the first time; `over`: over a row that came from elsewhere. */
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
 * Notes in which server and database the row is. Best effort: streaming needs no write, so a database that takes none,
 * a role without the right, or a table that set-up has not migrated yet is no fault here. False when it was not noted.
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
 * Notes that this database was refused with a checkpoint. In the database, not beside the checkpoint: a copy of a
 * server must not stop the captures of the original. Best effort, as noteSource is.
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

async function written(query: Promise<unknown>): Promise<boolean> {
  return await query.then(
    () => true,
    () => false,
  );
}
