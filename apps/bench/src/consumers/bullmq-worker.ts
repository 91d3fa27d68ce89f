/** BullMQ's own Worker, by hand: the same statements as `once` of the kit, in a transaction for each job. */
import type { Change } from '@walmq/change';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { type ConsumerContext, concurrencyOf, PREFIX, QUEUE } from '../cases/bench-config.js';
import { makeOne, markDone } from './effect-sql.js';
import { Handled, nowMs } from './handled.js';

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const concurrency = concurrencyOf(context.work);
const handled = new Handled();
const pool = new Pool({ connectionString: context.databaseUrl, max: concurrency });
pool.on('error', error => console.error(error.message));

const worker = new Worker<Change>(
  QUEUE,
  async job => {
    const begunMs = nowMs();
    const id = job.data.after?.id;
    if (context.work === 'once') await makeOnce(job.data.id, id);
    handled.add(id, begunMs, job.data.id);
  },
  {
    connection: new Redis(context.redisUrl, { maxRetriesPerRequest: null }),
    prefix: PREFIX,
    concurrency,
  },
);
worker.on('error', error => console.error(error.message));
handled.ready();

async function makeOnce(changeId: string, id: unknown): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rowCount } = await client.query(markDone([changeId]));
    if (rowCount === 1) await client.query(makeOne(id));
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
}
