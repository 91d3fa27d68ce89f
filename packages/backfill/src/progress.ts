import { type Position, parseLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import { BACKFILL_COLUMNS, type Backfill } from './backfill.js';
import { listOpenBackfills } from './request.js';
import { type BackfillPoint, heldBy, settle, type Trail } from './trail.js';

/**
 * Sets the next backfill to running and returns it: the one that runs already, else the oldest that waits. `except`: ids of
 * those that are read to their end.
 */
export async function nextBackfill(
  client: ClientBase,
  slot: string,
  except: readonly string[] = [],
): Promise<Backfill | undefined> {
  const { rows } = await client.query<Backfill>(
    `UPDATE walmq.backfill SET status = 'running', started_at = coalesce(started_at, now())
      WHERE id = (SELECT id FROM walmq.backfill WHERE slot = $1 AND status IN ('waiting', 'running') AND id <> ALL ($2)
                   ORDER BY status = 'running' DESC, id LIMIT 1)
        -- again: the inner look is not repeated when the row is paused or cancelled meanwhile
        AND status IN ('waiting', 'running')
     RETURNING ${BACKFILL_COLUMNS}`,
    [slot, except],
  );
  return rows[0];
}

/** Stores the key of the table's last row, known from the first chunk on. */
export async function noteEnd(client: ClientBase, id: string, endKey: readonly string[]): Promise<void> {
  await client.query('UPDATE walmq.backfill SET end_key = $2 WHERE id = $1', [id, endKey]);
}

/** The capture that reads a slot. */
export interface SlotReader {
  readonly slot: string;
  /** Process id of its walsender. */
  readonly pid: number;
}

/** A process that was suspended meanwhile, and has lost the slot, knows of a Redis that may be no more: it notes nothing. */
const STILL_READS = `EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $2 AND active_pid = $3)`;

/** Stores that Redis holds the rows of a chunk. They are not read again, unless Redis loses them. */
export async function noteTrail(
  client: ClientBase,
  id: string,
  { trail, reader }: { readonly trail: Trail; readonly reader: SlotReader },
): Promise<void> {
  await client.query(`UPDATE walmq.backfill SET trail = $4 WHERE id = $1 AND ${STILL_READS}`, [
    id,
    reader.slot,
    reader.pid,
    JSON.stringify(trail),
  ]);
}

/** Stores that what comes up to this point is never read again. */
export async function noteSettled(
  client: ClientBase,
  id: string,
  options: {
    readonly settled: Omit<BackfillPoint, 'at'>;
    readonly trail: Trail;
    readonly reader: SlotReader;
  },
): Promise<void> {
  const { settled, trail, reader } = options;
  await client.query(
    `UPDATE walmq.backfill SET last_key = $4, rows_read = $5, rows_enqueued = $6, trail = $7
      WHERE id = $1 AND ${STILL_READS}`,
    [id, reader.slot, reader.pid, settled.key, settled.rowsRead, settled.rowsEnqueued, JSON.stringify(trail)],
  );
}

/**
 * Settles what the slot has confirmed. Returns the backfills that had a trail, and those of `ids`, as they are then.
 * The server is asked, not this process: what the slot has not confirmed would not be missed if Redis loses it.
 */
export async function settleTrails(
  client: ClientBase,
  reader: SlotReader,
  ids: readonly string[],
): Promise<Backfill[]> {
  const { rows } = await client.query<Backfill & { readonly confirmed: string | null }>(
    `SELECT ${BACKFILL_COLUMNS},
            (SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = $1) AS confirmed
       FROM walmq.backfill WHERE slot = $1 AND (trail <> '[]' OR id = ANY ($2))`,
    [reader.slot, ids],
  );
  const settledRows: Backfill[] = [];
  for (const { confirmed, ...backfill } of rows) {
    const { settled, trail } = settle(backfill.trail, parseLsn(confirmed ?? '0/0'));
    if (settled) await noteSettled(client, backfill.id, { settled, trail, reader });
    settledRows.push({ ...backfill, trail });
  }
  return settledRows;
}

/**
 * Forgets what Redis has lost. Comes before the stream moves the checkpoint: once it has passed the place of lost rows,
 * nothing would show that they are missing.
 */
export async function forgetLost(
  client: ClientBase,
  reader: SlotReader,
  checkpoint: Position,
): Promise<void> {
  for (const { id, trail } of await listOpenBackfills(client, reader.slot)) {
    const held = heldBy(trail, checkpoint);
    if (held.length < trail.length) await noteTrail(client, id, { trail: held, reader });
  }
}

/** Ends a running backfill. One that was cancelled or paused meanwhile stays as it is. */
export async function endBackfill(
  client: ClientBase,
  id: string,
  { status, error }: { readonly status: 'done' | 'failed'; readonly error?: string },
): Promise<void> {
  await client.query(
    `UPDATE walmq.backfill SET status = $2, error = $3, ended_at = now() WHERE id = $1 AND status = 'running'`,
    [id, status, error ?? null],
  );
}
