import { outbox, publish, withContext } from '@walmq/outbox';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import {
  type DatabasePool,
  loadConfig,
  pruneInbox,
  type RedisConnection,
  startWorker,
  workerMetrics,
} from 'walmq';
import { z } from 'zod';
import orders from './worker.js';

const url = z.string().parse(process.env.DATABASE_URL);
const pool = new pg.Pool({ connectionString: url });
const redis = new Redis(z.string().parse(process.env.REDIS_URL), { maxRetriesPerRequest: null });
const { queues, source } = await loadConfig();
const log = pino();
const worker = startWorker({
  definition: orders,
  queues,
  redis,
  pool,
  log,
  metrics: workerMetrics(new Registry()),
});
const prune = (given: { pool: DatabasePool; redis: RedisConnection }) =>
  pruneInbox({
    ...given,
    queues: [],
    slot: source.slot,
    keepMs: 3_600_000,
    signal: AbortSignal.timeout(10_000),
  });
await prune({ pool, redis });

interface Paid {
  order: number;
  note?: string;
}

/** Compiled, not called: the types of the application's own clients fit. */
export async function pay(paid: Paid): Promise<void> {
  const client = await pool.connect();
  await withContext(client, { actor: 'shop' });
  await publish(client, 'orders', { type: 'order.paid', payload: paid, headers: { paid } });
  await outbox(client).publish({ aggregateType: 'order', aggregateId: 1, type: 'order.paid', payload: paid });
  client.release();
}

/** The project's own BullMQ, beside walmq's. */
export const bullmq = Worker.name;

process.once('SIGTERM', async () => {
  await worker.close(1000);
  redis.disconnect();
  await pool.end();
});
