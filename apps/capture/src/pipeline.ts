import { type EncodedChange, LSN_ZERO, type Lsn } from '@walmq/change';
import type { Enqueuer, Router } from '@walmq/fanout';
import {
  type Catalog,
  encodeChanges,
  type ReplicationStream,
  type RowMessage,
  type Table,
  Transaction,
} from '@walmq/replication';

export interface PipelineOptions {
  readonly stream: ReplicationStream;
  readonly catalog: Catalog;
  readonly router: Router;
  readonly enqueuer: Enqueuer;
  /** Changes up to this position have been enqueued before. */
  readonly resumeAfter: string;
  readonly onReceived: (lsn: Lsn) => void;
  readonly onChange: (change: EncodedChange, jobs: number) => void;
}

/**
 * Decode, route, enqueue. Runs until the stream ends or breaks; every `await` in here is back-pressure, which
 * fills the stream's buffer, which pauses the socket.
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { stream, enqueuer } = options;
  let transaction: Transaction | undefined;
  for await (const messages of stream) {
    for (const message of messages) {
      switch (message.tag) {
        case 'begin':
          transaction = new Transaction(message);
          options.onReceived(message.commitLsn);
          break;
        case 'commit':
          transaction = undefined;
          options.onReceived(message.endLsn);
          enqueuer.advanceTo({ lsn: message.endLsn, seq: 0 });
          break;
        case 'keepalive':
          if (transaction || message.walEnd === LSN_ZERO) break;
          options.onReceived(message.walEnd);
          enqueuer.advanceTo({ lsn: message.walEnd, seq: 0 });
          if (message.replyRequested) enqueuer.flushProgress();
          break;
        case 'message':
          break;
        default:
          await takeRow(message, transaction as Transaction, options);
      }
    }
    // The socket has nothing more to give for now: what is there goes out.
    if (stream.drained) enqueuer.flush();
  }
}

async function takeRow(
  message: RowMessage,
  transaction: Transaction,
  options: PipelineOptions,
): Promise<void> {
  const { router, enqueuer, resumeAfter } = options;
  for (const change of encodeChanges(message, await tablesOf(message, options.catalog), transaction)) {
    if (change.id <= resumeAfter) continue;
    const jobs = router.route(change);
    options.onChange(change, jobs.length);
    if (!enqueuer.add(jobs, change.id)) await enqueuer.room();
  }
}

async function tablesOf(message: RowMessage, catalog: Catalog): Promise<Table[]> {
  const relations = message.tag === 'truncate' ? message.relations : [message.relation];
  const tables: Table[] = [];
  for (const relation of relations)
    tables.push(catalog.known(relation) ?? (await catalog.describe(relation)));
  return tables;
}
