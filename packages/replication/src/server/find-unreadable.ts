import { formatLsn, type Lsn, toLsn } from '@walmq/change';
import type { ClientBase } from 'pg';
import { isServersRefusal } from '../stream/failure.js';

/** The first transaction of a slot that the server cannot send. */
export interface Unreadable {
  /** LSN at which its commit record begins. */
  readonly commitLsn: Lsn;
  /** LSN for the slot at which the server skips this transaction and sends everything that commits after it. */
  readonly behind: Lsn;
  /** The server's error message. */
  readonly reason: string;
}

export interface SlotReader {
  readonly client: ClientBase;
  readonly slot: string;
  readonly publication: string;
}

/** Alignment of WAL records in bytes (MAXALIGN). */
export const ALIGNMENT = 8n;
const FIRST_STEP = 8192n;
/** Bytes of the header of a WAL page, and of the first page of a segment: xlog_internal.h. */
const PAGE_HEADER = 24n;
const SEGMENT_HEADER = 40n;

/**
 * Finds the first transaction that the server cannot send. Peeks into the slot up to different positions, without moving it:
 * up to one position the server sends everything, up to a later one it fails. Returns undefined if everything can be read.
 * Rejects with SQLSTATE 55006 while another connection reads the slot.
 */
export async function findUnreadable(
  reader: SlotReader,
  confirmedFlush: Lsn,
): Promise<Unreadable | undefined> {
  return await firstRefused(reader.client, confirmedFlush, upTo => refusal(reader, upTo));
}

/**
 * Finds the first transaction that makes `refusal` return an error. `refusal(upTo)` returns the server's error for the
 * transactions that commit before `upTo` (null: the end of the WAL), or undefined.
 */
export async function firstRefused(
  client: ClientBase,
  confirmedFlush: Lsn,
  refusal: (upTo: bigint | null) => Promise<string | undefined>,
): Promise<Unreadable | undefined> {
  if ((await refusal(null)) === undefined) return undefined;
  let good = (confirmedFlush / ALIGNMENT) * ALIGNMENT;
  let step = FIRST_STEP;
  let reason: string | undefined;
  // Everything up to the confirmed LSN has been read, so the transaction probably comes soon after it: double the step.
  while (reason === undefined) {
    reason = await refusal(good + step);
    if (reason === undefined) good += step;
    step *= 2n;
  }
  let bad = good + step / 2n;
  while (bad - good > ALIGNMENT) {
    const middle = good + ((bad - good) / 2n / ALIGNMENT) * ALIGNMENT;
    const found = await refusal(middle);
    if (found === undefined) good = middle;
    else [bad, reason] = [middle, found];
  }
  // The record before the commit ends at `good`: the commit begins there, or after the header of the next page.
  const commitLsn = toLsn(good + (await headerAt(client, good)));
  return { commitLsn, behind: toLsn(commitLsn + ALIGNMENT), reason };
}

/** Returns the server's error for the transactions that commit before `upTo` (null: the end of the WAL), or undefined. */
async function refusal(
  { client, slot, publication }: SlotReader,
  upTo: bigint | null,
): Promise<string | undefined> {
  try {
    await client.query(
      `SELECT count(*) FROM pg_logical_slot_peek_binary_changes($1, $2, NULL,
         'proto_version', '1', 'publication_names', quote_ident($3), 'messages', 'true')`,
      [slot, upTo === null ? null : formatLsn(toLsn(upTo)), publication],
    );
    return undefined;
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    if (!isOfAChange(code)) throw error;
    return message;
  }
}

/** Returns true for the SQLSTATE of a server that reads the WAL and cannot send a change. */
export function isOfAChange(code: string): boolean {
  return isServersRefusal(code) && !NOT_OF_A_CHANGE.has(code);
}

/** SQLSTATEs that no change causes: the slot is in use, missing or unusable, or the role may not read it. */
const NOT_OF_A_CHANGE: ReadonlySet<string> = new Set(['55006', '55000', '42704', '42501', '42883']);

async function headerAt(client: ClientBase, lsn: bigint): Promise<bigint> {
  const { rows } = await client.query<{ page: string; segment: string }>(
    `SELECT current_setting('wal_block_size') AS page, pg_size_bytes(current_setting('wal_segment_size')) AS segment`,
  );
  const { page, segment } = rows[0] as (typeof rows)[number];
  if (lsn % BigInt(segment) === 0n) return SEGMENT_HEADER;
  return lsn % BigInt(page) === 0n ? PAGE_HEADER : 0n;
}
