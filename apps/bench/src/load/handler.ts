/** A plain BullMQ worker that records the time from each change's commit to its handler. */
import type { Change } from '@walmq/change';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type ContenderContext, PREFIX, QUEUE } from '../cases/bench-config.js';

const CONCURRENCY = 50;

const context = JSON.parse(process.argv[2] as string) as ContenderContext;
let latenciesMs: number[] = [];
let handled = 0;

const worker = new Worker<Change>(
  QUEUE,
  async job => {
    latenciesMs.push(performance.timeOrigin + performance.now() - epochMs(job.data.tx.committedAt));
    handled += 1;
  },
  {
    connection: new Redis(context.redisUrl, { maxRetriesPerRequest: null }),
    prefix: PREFIX,
    concurrency: CONCURRENCY,
  },
);
worker.on('error', error => console.error(error.message));

process.on('message', question => {
  if (question === 'handled') process.send?.({ question, answer: handled });
  if (question === 'latencies') {
    process.send?.({ question, answer: latenciesMs });
    latenciesMs = [];
  }
});

// Report readiness now that the listener is registered. A question that arrives earlier is lost.
process.send?.({ question: 'ready', answer: true });

/** Milliseconds since 1970, including the microseconds that Date.parse drops. */
function epochMs(iso: string): number {
  return Date.parse(`${iso.slice(0, 19)}Z`) + Number(`0${iso.slice(19, -1)}`) * 1000;
}
