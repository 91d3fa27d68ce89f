import { readWatermark, WATERMARK_PREFIX } from '@walmq/backfill';
import { type ChangeName, type EncodedChange, LSN_ZERO, type Lsn } from '@walmq/change';
import type { Job, Router, ShardedEnqueuer } from '@walmq/fanout';
import {
  type Catalog,
  CONTEXT_PREFIX,
  EVENT_PREFIX,
  encodeChanges,
  encodeEvent,
  type Message,
  REWIND_PREFIX,
  type Relation,
  type ReplicationStream,
  type RowMessage,
  readContext,
  readRewound,
  type Table,
  Transaction,
} from '@walmq/replication';
import { type ChunkOutcome, enqueueRows } from './backfill/enqueue-rows.js';
import type { BackfillWindow } from './backfill/window.js';
import type { ChangeTracer } from './trace.js';

export interface PipelineOptions {
  readonly stream: ReplicationStream;
  readonly catalog: Catalog;
  readonly router: Router;
  readonly enqueuer: ShardedEnqueuer;
  /** Changes up to this position have been enqueued before, in every shard. */
  readonly resumeAfter: string;
  /** Told of a table ahead of the first of its changes, and whenever it was altered. */
  readonly onDescribed: (table: Table) => Promise<void>;
  readonly onReceived: (lsn: Lsn) => void;
  readonly onChange: (change: ChangeName, jobs: number) => void;
  /** A transaction's context that cannot be read, and why: its changes go on without it. */
  readonly onContextRefused: (reason: string) => void;
  /** A change to be sent again that cannot be read, or that its queue does not take. */
  readonly onRewoundRefused: (reason: string) => void;
  /** An event that was sent outside its transaction, which has no place in the stream. */
  readonly onEventIgnored: () => void;
  /** Where rows that are read in between are held against the changes that come by. */
  readonly window: BackfillWindow;
  /** Told of a chunk of such rows once they have been put into the stream, or not. */
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
  /** Where changes are traced. */
  readonly tracer?: ChangeTracer | undefined;
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
          if (message.prefix === WATERMARK_PREFIX) await takeWatermark(message, transaction, options);
          else if (!takeMessage(message, transaction, options)) await enqueuer.room();
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

/** What is said beside the rows, by prefix; others' messages are none of ours. False when there is no room for more. */
function takeMessage(
  message: Extract<Message, { tag: 'message' }>,
  transaction: Transaction | undefined,
  options: PipelineOptions,
): boolean {
  const { prefix, transactional, content } = message;
  const own = transactional ? transaction : undefined;
  if (prefix === CONTEXT_PREFIX && own) takeContext(content, own, options);
  else if (prefix.startsWith(EVENT_PREFIX)) {
    if (own) return takeEvent(message, own, options);
    options.onEventIgnored();
  } else if (prefix === REWIND_PREFIX && own) return takeRewound(content, own, options);
  return true;
}

/** A context that nobody can read is no reason to hold up the changes that came with it. */
function takeContext(content: Buffer, transaction: Transaction, { onContextRefused }: PipelineOptions): void {
  const context = readContext(content);
  if (context instanceof Error) onContextRefused(context.message);
  else transaction.context = context;
}

/** A watermark of a chunk that this session reads; the chunk's rows go into the stream at its high one. */
async function takeWatermark(
  { content }: Extract<Message, { tag: 'message' }>,
  transaction: Transaction | undefined,
  options: PipelineOptions,
): Promise<void> {
  const watermark = transaction && readWatermark(content);
  const chunk = watermark && options.window.passed(watermark);
  if (!chunk) return;
  const outcome = await enqueueRows(chunk, transaction, async (row, queue) => {
    const room = enqueue(row, options.router.routeRead(row, queue), transaction, options);
    if (!room) await options.enqueuer.room();
  });
  options.onChunk(chunk.token, outcome);
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
  return enqueue(change, jobs, transaction, options);
}

/** False when there is no room for more. */
function takeRewound(content: Buffer, transaction: Transaction, options: PipelineOptions): boolean {
  const rewound = readRewound(content, transaction);
  if (rewound instanceof Error) {
    options.onRewoundRefused(rewound.message);
    return true;
  }
  const { queue, change } = rewound;
  if (change.id <= options.resumeAfter) return true;
  const jobs = options.router.routeRewound(change, queue);
  if (jobs.length === 0)
    options.onRewoundRefused(
      `the queue "${queue}" takes no ${change.op} of ${change.schema}.${change.table}`,
    );
  return enqueue(change, jobs, transaction, options);
}

function takeEvent(
  message: Extract<Message, { tag: 'message' }>,
  transaction: Transaction,
  options: PipelineOptions,
): boolean {
  const event = encodeEvent(message, transaction);
  if (event.id <= options.resumeAfter) return true;
  return enqueue(event, options.router.routeEvent(event), transaction, options);
}

function enqueue(
  change: ChangeName,
  jobs: readonly Job[],
  transaction: Transaction,
  { enqueuer, onChange, tracer }: PipelineOptions,
): boolean {
  onChange(change, jobs.length);
  return enqueuer.add(tracer ? tracer.begin(change, transaction, jobs) : jobs, change.id);
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
