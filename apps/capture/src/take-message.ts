import { readWatermark, WATERMARK_PREFIX } from '@walmq/backfill';
import { qualifiedName } from '@walmq/change';
import {
  CONTEXT_PREFIX,
  EVENT_PREFIX,
  encodeEvent,
  type Message,
  REWIND_PREFIX,
  readContext,
  readRewound,
  type ToUtf8,
  type Transaction,
} from '@walmq/replication';
import { type ChunkOutcome, enqueueRows } from './backfill/enqueue-rows.js';
import { enqueueChange } from './enqueue-change.js';
import type { ChangeOptions } from './take-change.js';

export interface MessageOptions extends ChangeOptions {
  /** Where the database's encoding is not UTF-8: what turns a message's bytes into it. */
  readonly toUtf8?: ToUtf8 | undefined;
  /** A transaction's context that cannot be read, and why: its changes go on without it. */
  readonly onContextRefused: (reason: string) => void;
  /** A change to be sent again that cannot be read, or that its queue does not take. */
  readonly onRewoundRefused: (reason: string) => void;
  /** An event that was sent outside its transaction, which has no place in the stream. */
  readonly onEventIgnored: () => void;
  /** Told of a chunk of such rows once they have been put into the stream, or not. */
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
}

type LogicalMessage = Extract<Message, { tag: 'message' }>;

/** What is said beside the rows, by prefix; others' messages are none of ours. False when there is no room for more. */
export async function takeMessage(
  sent: LogicalMessage,
  transaction: Transaction | undefined,
  options: MessageOptions,
): Promise<boolean> {
  const { toUtf8 } = options;
  const message = toUtf8 && isOurs(sent.prefix) ? { ...sent, content: await toUtf8(sent.content) } : sent;
  const { prefix, transactional, content } = message;
  const own = transactional ? transaction : undefined;
  if (prefix === WATERMARK_PREFIX && own) await takeWatermark(content, own, options);
  else if (prefix === CONTEXT_PREFIX && own) takeContext(content, own, options);
  else if (prefix === REWIND_PREFIX && own) return takeRewound(content, own, options);
  else if (prefix.startsWith(EVENT_PREFIX)) {
    if (own) return takeEvent(message, own, options);
    options.onEventIgnored();
  }
  return true;
}

function isOurs(prefix: string): boolean {
  return prefix === CONTEXT_PREFIX || prefix === REWIND_PREFIX || prefix.startsWith(EVENT_PREFIX);
}

/** A watermark of a chunk that this session reads; the chunk's rows go into the stream at its high one. */
async function takeWatermark(
  content: Buffer,
  transaction: Transaction,
  options: MessageOptions,
): Promise<void> {
  const watermark = readWatermark(content);
  const chunk = watermark && options.window.passed(watermark);
  if (!chunk) return;
  const outcome = await enqueueRows(chunk, transaction, async (row, queue) => {
    const room = enqueueChange(row, options.router.routeRead(row, queue), transaction, options);
    if (!room) await options.enqueuer.room();
  });
  options.onChunk(chunk.token, outcome);
}

/** A context that nobody can read is no reason to hold up the changes that came with it. */
function takeContext(content: Buffer, transaction: Transaction, { onContextRefused }: MessageOptions): void {
  const context = readContext(content);
  if (context instanceof Error) onContextRefused(context.message);
  else transaction.context = context;
}

function takeRewound(content: Buffer, transaction: Transaction, options: MessageOptions): boolean {
  const rewound = readRewound(content, transaction);
  if (rewound instanceof Error) {
    options.onRewoundRefused(rewound.message);
    return true;
  }
  const { queue, change } = rewound;
  if (change.id <= options.resumeAfter) return true;
  const jobs = options.router.routeRewound(change, queue);
  if (jobs.length === 0)
    options.onRewoundRefused(`the queue "${queue}" takes no ${change.op} of ${qualifiedName(change)}`);
  return enqueueChange(change, jobs, transaction, options);
}

function takeEvent(message: LogicalMessage, transaction: Transaction, options: MessageOptions): boolean {
  const event = encodeEvent(message, transaction);
  if (event.id <= options.resumeAfter) return true;
  return enqueueChange(event, options.router.routeEvent(event), transaction, options);
}
