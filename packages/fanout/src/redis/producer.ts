import { connectOnce } from '@walmq/redis';
import type { Redis } from 'ioredis';

/** As redis.deadlineMs where nobody has set it. */
const DEADLINE_MS = 10_000;

/**
 * A connection for the enqueue script: it never sends a command twice, never queues one while it is down, and
 * does not come back by itself. A fresh one is made for every try. A command without a reply within `deadlineMs` has failed, with
 * an unknown outcome. Rejects as connectOnce does.
 */
export async function connectProducer(url: string, deadlineMs = DEADLINE_MS): Promise<Redis> {
  return await connectOnce(url, { name: 'walmq capture', deadlineMs });
}
