import { LSN_ZERO, type Lsn } from '@walmq/change';
import { encodeChanges, type ReplicationStream, Transaction } from '@walmq/replication';
import { type HistoryProof, markOf } from '../progress/prove-history.js';
import { changeFault } from './change-fault.js';
import { type DescribeOptions, describeTables, knownTables } from './describe-tables.js';
import { handleChange } from './handle-change.js';
import { handleMessage, type MessageOptions } from './handle-message.js';

export interface PipelineOptions extends MessageOptions, DescribeOptions {
  readonly stream: ReplicationStream;
  readonly publication: string;
  /** Says whether the stream is the one that the checkpoints count. */
  readonly history: HistoryProof;
  readonly onReceived: (lsn: Lsn) => void;
}

/**
 * Decode, route, enqueue. Runs until the stream ends or breaks, or the session does; every `await` in here is back-pressure, which
 * fills the stream's buffer, which pauses the socket.
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { stream, catalog, enqueuer, window, history, publication } = options;
  let transaction: Transaction | undefined;
  try {
    for await (const messages of stream) {
      let received = LSN_ZERO;
      for (const message of messages) {
        switch (message.tag) {
          case 'begin': {
            const mark = markOf(message, publication);
            history.began(message, mark);
            enqueuer.began(mark);
            transaction = new Transaction(message);
            window.began(message.xid);
            received = message.commitLsn;
            break;
          }
          case 'commit':
            transaction = undefined;
            received = message.endLsn;
            enqueuer.advanceTo({ lsn: message.endLsn, seq: 0 });
            break;
          case 'keepalive':
            if (transaction || message.walEnd === LSN_ZERO) break;
            received = message.walEnd;
            history.reached(message.walEnd);
            enqueuer.advanceTo({ lsn: message.walEnd, seq: 0 });
            if (message.replyRequested) enqueuer.flushProgress();
            break;
          case 'message':
            await handleMessage(message, transaction, options);
            break;
          default: {
            const within = transaction as Transaction;
            const tables = knownTables(message, catalog) ?? (await describeTables(message, within, options));
            if (!tables) return;
            for (const change of encodeChanges(message, tables, within)) {
              const full = handleChange(change, within, options);
              if (full !== undefined) await full;
            }
          }
        }
      }
      options.onReceived(received);
      // The socket has nothing more to give for now: what is there goes out.
      if (stream.drained) enqueuer.flush();
    }
  } catch (cause) {
    throw changeFault(cause, transaction);
  }
}
