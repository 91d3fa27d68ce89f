import { connectOnce } from '@walmq/redis';
import type { Redis } from 'ioredis';

/** Milliseconds after which a command without a reply counts as failed, with an unknown outcome. */
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * A connection for the enqueue script: it never sends a command twice, never queues one while it is down, and
 * does not come back by itself. A fresh one is made for every try. Rejects as connectOnce does.
 */
export async function connectProducer(url: string): Promise<Redis> {
  return await connectOnce(url, { name: 'walmq capture', deadlineMs: COMMAND_TIMEOUT_MS });
}
