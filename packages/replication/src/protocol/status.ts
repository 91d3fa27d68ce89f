import { LSN_ZERO, type Lsn } from '@walmq/change';

const PG_EPOCH_MICROS = 946_684_800_000_000n;

/**
 * Standby status updates: what PostgreSQL is to remember, then what it is to see of us. Each is `r`, then written, flushed and applied positions, the clock in microseconds since
 * 2000-01-01, and whether the server shall answer.
 * https://www.postgresql.org/docs/current/protocol-replication.html#PROTOCOL-REPLICATION-STANDBY-STATUS-UPDATE
 *
 * All three positions are the acknowledged one, exactly: the end LSN of a commit already is "last byte + 1", and
 * adding another makes the server skip a transaction whose commit record starts right there. Reporting what was
 * merely received as written would stop the keepalives that move an idle slot.
 *
 * The second names no flushed position. The slot keeps what the first has said, and a receiver that flushes nothing is
 * no candidate for a synchronous standby, whatever synchronous_standby_names says ('*' matches every name): commits
 * would wait for the queues, and hang while nothing can be enqueued.
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
