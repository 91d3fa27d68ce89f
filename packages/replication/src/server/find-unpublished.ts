import { formatLsn, type Lsn, parseLsn, toLsn } from '@walmq/change';
import { escapeIdentifier } from 'pg';
import { ALIGNMENT, firstRefused, isOfAChange, type SlotReader, type Unreadable } from './find-unreadable.js';

/**
 * Finds changes that were made while the publication was missing. PostgreSQL decodes each change with the catalog as it was
 * when the change was made, so creating the publication again does not help. Before PostgreSQL 18 the server always rejects
 * such changes; PostgreSQL 18 skips them with a warning. Returns undefined if there are none. `behind` is the LSN at which
 * the publication exists again: the server can send transactions that commit after it. Rejects with SQLSTATE 55006 while
 * another connection reads the slot.
 */
export async function findUnpublished(
  reader: SlotReader,
  confirmedFlush: Lsn,
): Promise<Unreadable | undefined> {
  const { client, slot } = reader;
  const first = await firstRefused(client, confirmedFlush, upTo => refusal(reader, slot, { upTo }));
  if (!first) return undefined;
  const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn');
  // A slot at `bad` fails at its first change; a slot at `good` does not.
  let bad: bigint = first.commitLsn;
  let good = (BigInt(parseLsn(rows[0]?.lsn as string)) / ALIGNMENT) * ALIGNMENT;
  while (good - bad > ALIGNMENT) {
    const middle = bad + ((good - bad) / 2n / ALIGNMENT) * ALIGNMENT;
    if (await isRefusedFrom(reader, toLsn(middle))) bad = middle;
    else good = middle;
  }
  return { ...first, behind: toLsn(good) };
}

/** Tests a temporary copy of the slot, which is dropped with the connection. The slot itself does not move. */
async function isRefusedFrom(reader: SlotReader, from: Lsn): Promise<boolean> {
  const { client, slot } = reader;
  const { rows } = await client.query<{ copy: string }>("SELECT 'walmq_skip_' || pg_backend_pid() AS copy");
  const { copy } = rows[0] as { copy: string };
  await client.query('SELECT pg_copy_logical_replication_slot($1, $2, true)', [slot, copy]);
  try {
    await client.query('SELECT pg_replication_slot_advance($1, $2)', [copy, formatLsn(from)]);
    return (await refusal(reader, copy, { changes: 1 })) !== undefined;
  } finally {
    // Before PostgreSQL 18, an error has already dropped the copy.
    await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [copy],
    );
  }
}

async function refusal(
  { client, publication }: SlotReader,
  slot: string,
  { upTo = null, changes = null }: { readonly upTo?: bigint | null; readonly changes?: number | null },
): Promise<string | undefined> {
  let warning: string | undefined;
  const onNotice = (notice: {
    severity?: string | undefined;
    code?: string | undefined;
    message?: string | undefined;
  }) => {
    if (notice.severity === 'WARNING' && notice.code === '55000') warning = notice.message;
  };
  client.on('notice', onNotice);
  try {
    await client.query(
      `SELECT count(*) FROM pg_logical_slot_peek_binary_changes($1, $2, $3,
         'proto_version', '1', 'publication_names', $4, 'messages', 'true')`,
      [slot, upTo === null ? null : formatLsn(toLsn(upTo)), changes, escapeIdentifier(publication)],
    );
    return warning;
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    if (code === '42704') return message;
    // The server cannot send a change for another reason: findUnreadable reports it.
    if (isOfAChange(code)) return warning;
    throw error;
  } finally {
    client.off('notice', onNotice);
  }
}
