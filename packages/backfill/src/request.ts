import { sqlTable, WalmqError } from '@walmq/change';
import type { ClientBase } from 'pg';
import { BACKFILL_COLUMNS, type Backfill, type BackfillStatus } from './backfill.js';

export interface BackfillRequest {
  readonly slot: string;
  readonly queue: string;
  readonly schema: string;
  readonly table: string;
  readonly filter: string | null;
  readonly chunkRows: number;
  readonly rowsExpected: number | null;
}

/** Adds a request after the others of this slot. The capture that reads the slot starts it within a second. */
export async function requestBackfill(client: ClientBase, request: BackfillRequest): Promise<Backfill> {
  const { slot, queue, schema, table, filter, chunkRows, rowsExpected } = request;
  const { rows } = await client.query<Backfill>(
    `INSERT INTO walmq.backfill (slot, queue, table_schema, table_name, filter, chunk_rows, rows_expected)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${BACKFILL_COLUMNS}`,
    [slot, queue, schema, table, filter, chunkRows, rowsExpected],
  );
  return rows[0] as Backfill;
}

/** Requests the snapshots of the configuration that were never requested before. */
export async function requestSnapshots(
  client: ClientBase,
  slot: string,
  wanted: readonly Pick<BackfillRequest, 'queue' | 'schema' | 'table'>[],
): Promise<void> {
  for (const { queue, schema, table } of wanted)
    await client.query(
      `INSERT INTO walmq.backfill (slot, queue, table_schema, table_name, origin, rows_expected)
       SELECT $1, $2, $3, $4, 'snapshot', (SELECT nullif(reltuples, -1)::bigint FROM pg_class WHERE oid = to_regclass($5))
       ON CONFLICT (slot, queue, table_schema, table_name) WHERE origin = 'snapshot' DO NOTHING`,
      [slot, queue, schema, table, sqlTable({ schema, table })],
    );
}

/** All backfills of a slot, newest last. */
export async function listBackfills(client: ClientBase, slot: string): Promise<Backfill[]> {
  const { rows } = await client.query<Backfill>(
    `SELECT ${BACKFILL_COLUMNS} FROM walmq.backfill WHERE slot = $1 ORDER BY walmq.backfill.id`,
    [slot],
  );
  return rows;
}

/** Backfills that are neither done nor cancelled. None if walmq.backfill does not exist or may not be read. */
export async function listOpenBackfills(client: ClientBase, slot: string): Promise<Backfill[]> {
  try {
    return (await listBackfills(client, slot)).filter(({ status }) => OPEN.has(status));
  } catch (error) {
    if (backfillTableMissing(error) || (error as { code?: string }).code === FORBIDDEN) return [];
    throw error;
  }
}

const OPEN: ReadonlySet<BackfillStatus> = new Set(['waiting', 'running', 'paused', 'failed']);

const STEPS = {
  cancel: { status: 'cancelled', from: ['waiting', 'running', 'paused', 'failed'] },
  pause: { status: 'paused', from: ['waiting', 'running'] },
  resume: { status: 'waiting', from: ['paused', 'failed'] },
} as const;

/** Returns the backfill after the step. Rejects with BACKFILL_UNKNOWN, and with BACKFILL_ENDED if it has ended. */
export async function steerBackfill(
  client: ClientBase,
  { slot, id, step }: { readonly slot: string; readonly id: string; readonly step: keyof typeof STEPS },
): Promise<Backfill> {
  const { status, from } = STEPS[step];
  const { rows } = await client.query<Backfill>(
    `UPDATE walmq.backfill SET status = $3, ended_at = CASE WHEN $3 = 'cancelled' THEN now() END, error = NULL
      WHERE slot = $1 AND id = $2 AND status = ANY ($4) RETURNING ${BACKFILL_COLUMNS}`,
    [slot, id, status, from],
  );
  if (rows[0]) return rows[0];
  const found = (await listBackfills(client, slot)).find(backfill => backfill.id === id);
  if (!found)
    throw new WalmqError('BACKFILL_UNKNOWN', `there is no backfill ${id} of slot "${slot}".`, {
      remedy: 'See "npx walmq backfill --list".',
    });
  if (found.status === status) return found;
  throw new WalmqError('BACKFILL_ENDED', `backfill ${id} is ${found.status}: there is nothing to ${step}.`);
}

const UNDEFINED_TABLE = '42P01';
/** Of a table that an earlier version made. */
const UNDEFINED_COLUMN = '42703';
const FORBIDDEN = '42501';
const UNDEFINED_SCHEMA = '3F000';

/** The error for a missing walmq.backfill, or one of an earlier version; undefined for any other error of PostgreSQL. */
export function backfillTableMissing(error: unknown): WalmqError | undefined {
  const { code, message } = error as { code?: string; message?: string };
  if (code === UNDEFINED_COLUMN && message?.includes('"trail"'))
    return new WalmqError(
      'OWN_TABLE_MISSING',
      'walmq.backfill has no column "trail", which this version needs.',
      {
        remedy: 'Run "npx walmq setup" once more: it adds the column.',
      },
    );
  if ((code !== UNDEFINED_TABLE && code !== UNDEFINED_SCHEMA) || !message?.includes('walmq'))
    return undefined;
  return new WalmqError('OWN_TABLE_MISSING', 'there is no table walmq.backfill, which records backfills.', {
    remedy: 'Run "npx walmq setup" once more: it makes it.',
  });
}
