import { type EncodedChange, LSN_ZERO, type Lsn } from '@walmq/change';
import {
  type Catalog,
  encodeChanges,
  type Relation,
  type ReplicationStream,
  type RowMessage,
  type Table,
  Transaction,
} from '@walmq/replication';
import { enqueueChange } from './enqueue-change.js';
import { type MessageOptions, takeMessage } from './take-message.js';

export interface PipelineOptions extends MessageOptions {
  readonly stream: ReplicationStream;
  readonly catalog: Catalog;
  /** Told of a table ahead of the first of its changes, and whenever it was altered. */
  readonly onDescribed: (table: Table) => Promise<void>;
  readonly onReceived: (lsn: Lsn) => void;
}

/**
 * Decode, route, enqueue. Runs until the stream ends or breaks; every `await` in here is back-pressure, which
 * fills the stream's buffer, which pauses the socket.
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { stream, catalog, enqueuer, window } = options;
  let transaction: Transaction | undefined;
  for await (const messages of stream) {
    let received = LSN_ZERO;
    for (const message of messages) {
      switch (message.tag) {
        case 'begin':
          transaction = new Transaction(message);
          window.began(message.xid);
          received = message.commitLsn;
          break;
        case 'commit':
          transaction = undefined;
          received = message.endLsn;
          enqueuer.advanceTo({ lsn: message.endLsn, seq: 0 });
          break;
        case 'keepalive':
          if (transaction || message.walEnd === LSN_ZERO) break;
          received = message.walEnd;
          enqueuer.advanceTo({ lsn: message.walEnd, seq: 0 });
          if (message.replyRequested) enqueuer.flushProgress();
          break;
        case 'message':
          if (!(await takeMessage(message, transaction, options))) await enqueuer.room();
          break;
        default: {
          const tables = knownTables(message, catalog) ?? (await describeTables(message, options));
          for (const [index, change] of encodeChanges(
            message,
            tables,
            transaction as Transaction,
          ).entries()) {
            const table = tables[index] ?? (tables[0] as Table);
            if (!take(change, table, transaction as Transaction, options)) await enqueuer.room();
          }
        }
      }
    }
    options.onReceived(received);
    // The socket has nothing more to give for now: what is there goes out.
    if (stream.drained) enqueuer.flush();
  }
}

/** False when there is no room for more. */
function take(
  change: EncodedChange,
  table: Table,
  transaction: Transaction,
  options: PipelineOptions,
): boolean {
  if (change.id <= options.resumeAfter) return true;
  const jobs = options.router.route(change);
  options.window.changed(change, table, jobs);
  return enqueueChange(change, jobs, transaction, options);
}

/** The hot path: no promise where nothing has to be asked. Undefined when a table is not described yet. */
function knownTables(message: RowMessage, catalog: Catalog): Table[] | undefined {
  const tables = relationsOf(message).flatMap(relation => catalog.known(relation) ?? []);
  return tables.length === relationsOf(message).length ? tables : undefined;
}

async function describeTables(
  message: RowMessage,
  { catalog, onDescribed }: Pick<PipelineOptions, 'catalog' | 'onDescribed'>,
): Promise<Table[]> {
  const tables: Table[] = [];
  for (const relation of relationsOf(message)) {
    const known = catalog.known(relation);
    const table = known ?? (await catalog.describe(relation));
    if (!known) await onDescribed(table);
    tables.push(table);
  }
  return tables;
}

function relationsOf(message: RowMessage): readonly Relation[] {
  return message.tag === 'truncate' ? message.relations : [message.relation];
}
