/** A plain BullMQ worker that notes how long ago each change was committed. */
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

// A question that comes before anyone listens is lost.
process.send?.({ question: 'ready', answer: true });

/** Milliseconds since 1970 with the microseconds that Date.parse drops. */
function epochMs(iso: string): number {
  return Date.parse(`${iso.slice(0, 19)}Z`) + Number(`0${iso.slice(19, -1)}`) * 1000;
}
