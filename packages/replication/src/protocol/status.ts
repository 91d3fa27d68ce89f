import { LSN_ZERO, type Lsn } from '@walmq/change';

const PG_EPOCH_MICROS = 946_684_800_000_000n;

/**
 * Returns two standby status updates: the first confirms the acknowledged LSN to the slot, the second keeps capture from
 * counting as a synchronous standby. An update is the byte `r`, then the written, flushed and applied LSN, the clock in
 * microseconds since 2000-01-01, and whether the server should reply.
 * https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-STANDBY-STATUS-UPDATE
 *
 * In the first update, all three positions are exactly the acknowledged LSN. The end LSN of a commit already is the last
 * byte + 1. With one more, the server skips a transaction whose commit record starts right there. With the received LSN as
 * written position, the server stops sending the keepalives that move an idle slot.
 *
 * The second update has no flushed position. The slot keeps the position of the first update. A receiver without a flushed
 * position is never a synchronous standby, whatever synchronous_standby_names contains ('*' matches every name). As a
 * synchronous standby, capture would make commits wait for the queues, and commits would hang while nothing can be enqueued.
 * https://www.postgresql.org/docs/current/app-pgreceivewal.html (--synchronous)
 */
export function standbyStatus(acknowledged: Lsn, nowMs: number, replyRequested: boolean): Buffer[] {
  return [
    statusUpdate({ acknowledged, flushed: acknowledged, nowMs, replyRequested: false }),
    statusUpdate({ acknowledged, flushed: LSN_ZERO, nowMs, replyRequested }),
  ];
}

interface Update {
  readonly acknowledged: Lsn;
  readonly flushed: Lsn;
  readonly nowMs: number;
  readonly replyRequested: boolean;
}

function statusUpdate({ acknowledged, flushed, nowMs, replyRequested }: Update): Buffer {
  const message = Buffer.allocUnsafe(34);
  message[0] = 0x72;
  message.writeBigUInt64BE(acknowledged, 1);
  message.writeBigUInt64BE(flushed, 9);
  message.writeBigUInt64BE(acknowledged, 17);
  message.writeBigInt64BE(BigInt(Math.trunc(nowMs)) * 1000n - PG_EPOCH_MICROS, 25);
  message[33] = replyRequested ? 1 : 0;
  return message;
}
