import { connectOnce, type RedisAddress } from '@walmq/redis';
import type { Redis } from 'ioredis';

/** Default of redis.deadlineMs. */
const DEADLINE_MS = 10_000;

/**
 * A connection for the enqueue script. It never sends a command twice, never queues a command while it is down, and never
 * reconnects: every try opens a new connection. A command without a reply within `deadlineMs` fails with an unknown
 * outcome. Rejects as connectOnce does.
 */
export async function connectProducer(url: string | RedisAddress, deadlineMs = DEADLINE_MS): Promise<Redis> {
  return await connectOnce(url, { name: 'walmq capture', deadlineMs });
}
