import type { Lsn } from '@walmq/change';

const PG_EPOCH_MICROS = 946_684_800_000_000n;

/**
 * A standby status update: `r`, then written, flushed and applied positions, the clock in microseconds since
 * 2000-01-01, and whether the server shall answer.
 * https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-STANDBY-STATUS-UPDATE
 *
 * All three positions are the acknowledged one, exactly: the end LSN of a commit already is "last byte + 1", and
 * adding another makes the server skip a transaction whose commit record starts right there. Reporting what was
 * merely received as written would stop the keepalives that move an idle slot.
 */
export function standbyStatus(acknowledged: Lsn, nowMs: number, replyRequested: boolean): Buffer {
  const message = Buffer.allocUnsafe(34);
  message[0] = 0x72;
  message.writeBigUInt64BE(acknowledged, 1);
  message.writeBigUInt64BE(acknowledged, 9);
  message.writeBigUInt64BE(acknowledged, 17);
  message.writeBigInt64BE(BigInt(Math.trunc(nowMs)) * 1000n - PG_EPOCH_MICROS, 25);
  message[33] = replyRequested ? 1 : 0;
  return message;
}
