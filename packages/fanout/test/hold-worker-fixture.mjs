// A plain BullMQ worker in a process of its own, so that it can be killed. It notes what it begins and what it has done.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnrecoverableError, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [url, prefix] = process.argv.slice(2);
const redis = new Redis(url);
const worker = new Worker(
  'orders',
  async job => {
    const { n, key } = job.data;
    await redis.rpush(`${prefix}:notes`, JSON.stringify({ n, key }));
    await sleep(Math.random() * 4);
    if (n % 41 === 0 && job.attemptsMade === 0) throw new UnrecoverableError('for good');
    if (Math.random() < 0.05) throw new Error('passing');
  },
  {
    prefix,
    connection: { url },
    concurrency: 8,
    lockDuration: 1000,
    stalledInterval: 300,
    maxStalledCount: 10_000,
  },
);
worker.on('error', () => undefined);
