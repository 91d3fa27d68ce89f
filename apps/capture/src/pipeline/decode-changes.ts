import { readWatermark, WATERMARK_PREFIX } from '@walmq/backfill';
import type { ChangeName, EncodedChange, EncodedEvent, Position } from '@walmq/change';
import {
  CONTEXT_PREFIX,
  EVENT_PREFIX,
  encodeChanges,
  encodeEvent,
  encodeRead,
  type Message,
  REWIND_PREFIX,
  type RowChange,
  type RowMessage,
  readContext,
  readRewound,
  type Table,
  type ToUtf8,
  type Transaction,
} from '@walmq/replication';
import type { ChunkOutcome } from '../backfill/chunk-outcomes.js';
import type { BackfillWindow, PassedChunk } from '../backfill/window.js';
import type { RewindPages } from './rewind-pages.js';
import type { TableDescriptions } from './table-descriptions.js';

/** A change with its number in the stream. */
export type StreamChange =
  | { readonly kind: 'row'; readonly change: RowChange }
  | { readonly kind: 'event'; readonly change: EncodedEvent }
  /** A row of a backfill's chunk. `queue`: the number of the only queue that gets the row. */
  | { readonly kind: 'read'; readonly change: EncodedChange; readonly queue: number }
  /** A change that is sent again. `queue`: the name of the only queue that gets the change. */
  | { readonly kind: 'rewound'; readonly change: EncodedChange; readonly queue: string }
  /** A message that asks to send a change again, and why it is rejected. */
  | { readonly kind: 'rejected'; readonly change: ChangeName; readonly reason: string };

/** Undefined when the session ends first. */
type StreamChanges = Iterable<StreamChange> | undefined;

export interface DecoderOptions {
  readonly tables: TableDescriptions;
  readonly rewinds: RewindPages;
  /** Recognises the watermarks of this session's backfills. */
  readonly window: BackfillWindow;
  /** Converts a message's bytes to UTF-8; undefined where the database's encoding is UTF-8. */
  readonly toUtf8: ToUtf8 | undefined;
  /** Called when the last row of a chunk is in the stream, or when the chunk has to be read again. */
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
  /** A transaction's context that cannot be read, and why. The transaction's changes go on without a context. */
  readonly onContextRefused: (reason: string) => void;
  /** An event outside a transaction, which has no position in the stream. */
  readonly onEventIgnored: () => void;
}

export type LogicalMessage = Extract<Message, { tag: 'message' }>;

const NOTHING: readonly StreamChange[] = [];

/**
 * Turns messages of the stream into changes: rows, events, changes that are sent again, rows of a backfill. Every change
 * takes its number from `Transaction.next`, whatever the change holds, so that numbers follow from the stream alone and
 * are the same when the stream is read again.
 */
export class ChangeDecoder {
  readonly #options: DecoderOptions;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  /** The changes of one message, in order. Returns a promise only where PostgreSQL must be asked first. */
  decode(
    message: RowMessage | LogicalMessage,
    transaction: Transaction | undefined,
  ): StreamChanges | Promise<StreamChanges> {
    if (message.tag === 'message') return this.#ofMessage(message, transaction);
    const tables = this.#options.tables.known(message);
    const within = transaction as Transaction;
    return tables ? rowsOf(message, tables, within) : this.#describe(message, within);
  }

  async #describe(message: RowMessage, transaction: Transaction): Promise<StreamChanges> {
    const tables = await this.#options.tables.describe(message, transaction);
    return tables && rowsOf(message, tables, transaction);
  }

  #ofMessage(
    message: LogicalMessage,
    transaction: Transaction | undefined,
  ): StreamChanges | Promise<StreamChanges> {
    const { toUtf8 } = this.#options;
    if (!toUtf8 || !isText(message.prefix)) return this.#dispatch(message, transaction);
    return toUtf8(message.content).then(content => this.#dispatch({ ...message, content }, transaction));
  }

  /** By prefix. Ignores foreign prefixes. */
  #dispatch(
    message: LogicalMessage,
    transaction: Transaction | undefined,
  ): Iterable<StreamChange> | Promise<Iterable<StreamChange>> {
    const { prefix, content, transactional } = message;
    const own = transactional ? transaction : undefined;
    if (prefix.startsWith(EVENT_PREFIX)) {
      if (own) return [{ kind: 'event', change: encodeEvent(message, own) }];
      this.#options.onEventIgnored();
    }
    if (!own) return NOTHING;
    if (prefix === CONTEXT_PREFIX) return this.#setContext(content, own);
    if (prefix === REWIND_PREFIX) return this.#rewound(content, own);
    if (prefix === WATERMARK_PREFIX) return this.#chunk(content, own);
    return NOTHING;
  }

  /** A context that cannot be read does not hold up the changes of its transaction. */
  #setContext(content: Buffer, transaction: Transaction): readonly StreamChange[] {
    const context = readContext(content);
    if (context instanceof Error) this.#options.onContextRefused(context.message);
    else transaction.context = context;
    return NOTHING;
  }

  /** Every role may send messages, so a message is checked against the table of rewinds and can never stop the stream. */
  async #rewound(content: Buffer, transaction: Transaction): Promise<readonly StreamChange[]> {
    const { id } = transaction.next();
    const reject = (reason: string): StreamChange[] => [
      { kind: 'rejected', change: { id, op: 'message', schema: 'walmq', table: 'rewind' }, reason },
    ];
    const rewound = readRewound(content, id);
    if (rewound instanceof Error) return reject(rewound.message);
    const sentTo = await this.#options.rewinds.queueOf(transaction);
    if (sentTo instanceof Error) return reject(sentTo.message);
    const { queue, change } = rewound;
    if (queue !== sentTo) return reject(`its rewind sends changes to the queue "${sentTo}"`);
    return [{ kind: 'rewound', change, queue }];
  }

  /** The rows of a chunk stand where its high watermark stands. */
  #chunk(content: Buffer, transaction: Transaction): Iterable<StreamChange> {
    const watermark = readWatermark(content);
    const chunk = watermark && this.#options.window.passed(watermark);
    if (!chunk) return NOTHING;
    return chunkRows(chunk, transaction, outcome => this.#options.onChunk(chunk.token, outcome));
  }
}

function isText(prefix: string): boolean {
  return prefix === CONTEXT_PREFIX || prefix === REWIND_PREFIX || prefix.startsWith(EVENT_PREFIX);
}

/** The hot path. */
function rowsOf(message: RowMessage, tables: readonly Table[], transaction: Transaction): StreamChange[] {
  return encodeChanges(message, tables, transaction).map(change => ({ kind: 'row', change }));
}

/**
 * The rows of a chunk are changes of the transaction of its high watermark, so their ids follow all that came before and
 * precede all that comes. The outcome is reported once the reader has taken the last row.
 */
export function* chunkRows(
  chunk: PassedChunk,
  transaction: Transaction,
  onOutcome: (outcome: ChunkOutcome) => void,
): Generator<StreamChange> {
  if ('again' in chunk) return onOutcome({ again: chunk.again });
  let enqueued = 0;
  let last: Position | null = null;
  for (const tuple of chunk.tuples) {
    const change = encodeRead(tuple, chunk.table, transaction);
    if (!chunk.isCurrent(change)) continue;
    yield { kind: 'read', change, queue: chunk.queue };
    enqueued += 1;
    last = { lsn: transaction.commitLsn, seq: transaction.seq };
  }
  onOutcome({ enqueued, last });
}
