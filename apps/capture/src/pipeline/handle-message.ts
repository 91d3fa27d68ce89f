import { readWatermark, WATERMARK_PREFIX } from '@walmq/backfill';
import { type EncodedChange, qualifiedName } from '@walmq/change';
import type { Job } from '@walmq/fanout';
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
import { type ChunkOutcome, enqueueRows } from '../backfill/enqueue-rows.js';
import { enqueueChange } from './enqueue-change.js';
import type { ChangeOptions } from './handle-change.js';
import type { RewindPages } from './rewind-pages.js';

export interface MessageOptions extends ChangeOptions {
  /** Where the database's encoding is not UTF-8: what turns a message's bytes into it. */
  readonly toUtf8?: ToUtf8 | undefined;
  /** A transaction's context that cannot be read, and why: its changes go on without it. */
  readonly onContextRefused: (reason: string) => void;
  readonly rewinds: RewindPages;
  /** A change to be sent again that no rewind sends, that cannot be read, or that its queue does not take. */
  readonly onRewoundRefused: (reason: string) => void;
  /** An event that was sent outside its transaction, which has no place in the stream. */
  readonly onEventIgnored: () => void;
  /** Told of a chunk of such rows once they have been put into the stream, or not. */
  readonly onChunk: (token: string, outcome: ChunkOutcome) => void;
}

type LogicalMessage = Extract<Message, { tag: 'message' }>;

/** Dispatches logical messages by prefix and ignores foreign prefixes. Waits while the enqueuer is full. */
export async function handleMessage(
  sent: LogicalMessage,
  transaction: Transaction | undefined,
  options: MessageOptions,
): Promise<void> {
  const { toUtf8 } = options;
  const message = toUtf8 && isOurs(sent.prefix) ? { ...sent, content: await toUtf8(sent.content) } : sent;
  const { prefix, transactional, content } = message;
  const own = transactional ? transaction : undefined;
  if (prefix === WATERMARK_PREFIX && own) await handleWatermark(content, own, options);
  else if (prefix === CONTEXT_PREFIX && own) handleContext(content, own, options);
  else if (prefix === REWIND_PREFIX && own) await handleRewound(content, own, options);
  else if (prefix.startsWith(EVENT_PREFIX)) {
    if (own) await handleEvent(message, own, options);
    else options.onEventIgnored();
  }
}

function isOurs(prefix: string): boolean {
  return prefix === CONTEXT_PREFIX || prefix === REWIND_PREFIX || prefix.startsWith(EVENT_PREFIX);
}

/** A watermark of a chunk that this session reads; the chunk's rows go into the stream at its high one. */
async function handleWatermark(
  content: Buffer,
  transaction: Transaction,
  options: MessageOptions,
): Promise<void> {
  const watermark = readWatermark(content);
  const chunk = watermark && options.window.passed(watermark);
  if (!chunk) return;
  const outcome = await enqueueRows(chunk, transaction, async (row, queue) => {
    await enqueueChange(row, options.router.routeRead(row, queue), transaction, options);
  });
  options.onChunk(chunk.token, outcome);
}

/** A context that nobody can read is no reason to hold up the changes that came with it. */
function handleContext(
  content: Buffer,
  transaction: Transaction,
  { onContextRefused }: MessageOptions,
): void {
  const context = readContext(content);
  if (context instanceof Error) onContextRefused(context.message);
  else transaction.context = context;
}

async function handleRewound(
  content: Buffer,
  transaction: Transaction,
  options: MessageOptions,
): Promise<void> {
  // Its number is taken whatever it says, so that numbers follow from the stream alone.
  const { id } = transaction.next();
  if (id <= options.resumeAfter) return;
  const rewound = await rewoundOf(content, id, transaction, options);
  if (rewound instanceof Error) {
    options.onRewoundRefused(rewound.message);
    return;
  }
  await enqueueChange(rewound.change, rewound.jobs, transaction, options);
}

/** The change and its jobs, or why there are none: nothing that a message says may stop the stream. */
async function rewoundOf(
  content: Buffer,
  id: string,
  transaction: Transaction,
  { rewinds, router }: MessageOptions,
): Promise<{ readonly change: EncodedChange; readonly jobs: readonly Job[] } | Error> {
  const rewound = readRewound(content, id);
  if (rewound instanceof Error) return rewound;
  const { queue, change } = rewound;
  const sentTo = await rewinds.queueOf(transaction);
  if (sentTo instanceof Error) return sentTo;
  if (queue !== sentTo) return new Error(`its rewind sends changes to the queue "${sentTo}"`);
  const jobs = router.routeRewound(change, queue);
  if (jobs instanceof Error) return jobs;
  if (jobs.length > 0) return { change, jobs };
  return new Error(`the queue "${queue}" takes no ${change.op} of ${qualifiedName(change)}`);
}

async function handleEvent(
  message: LogicalMessage,
  transaction: Transaction,
  options: MessageOptions,
): Promise<void> {
  const event = encodeEvent(message, transaction);
  if (event.id <= options.resumeAfter) return;
  await enqueueChange(event, options.router.routeEvent(event), transaction, options);
}
