import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { chainsOf, failedIds, followReplayed, replayFailed } from 'walmq/replay';

const redis = new Redis(process.env.REDIS_URL as string);
const queue = new Queue('orders', { connection: redis });

const ids = await failedIds({ redis, queue, filter: { table: 'orders', reason: 'SMTP' } });
const chains = await chainsOf(redis, queue, ids); // read before the replay: the changes parked behind each
const { replayed, gone } = await replayFailed({ redis, queue, ids });
const { completed, failed } = await followReplayed({ redis, queue, chains });
console.log({ replayed: replayed.length, gone, completed, failed });

await queue.close();
redis.disconnect();
