/*
 * What the moves of jobs cost: BullMQ's Worker and ours, in turn, on a backlog with a no-op handler.
 *
 *   npm run build && node packages/worker/bench/moves.mjs [jobs] [concurrency] [rounds]
 *
 * Prints jobs per second, and CPU time of the worker and of Redis per job. Compare the two of one run only.
 */
import { startRedis } from '@walmq/embedded';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { MovingWorker } from '../dist/moves/moving-worker.js';

const [jobs = 20_000, concurrency = 100, rounds = 3] = process.argv.slice(2).map(Number);
const CHUNK = 1000;
const CONTENDERS = { BullMQ: Worker, 'in batches': MovingWorker };

const server = await startRedis();
const redis = new Redis(server.url, { maxRetriesPerRequest: null });
try {
  for (let round = 0; round < rounds; round++)
    for (const [name, Contender] of Object.entries(CONTENDERS)) {
      await redis.flushall();
      await fill();
      console.log(name, await drain(Contender));
    }
} finally {
  redis.disconnect();
  await server.stop();
}

async function fill() {
  const queue = new Queue('q', { connection: redis });
  const after = { id: 1, note: 'some text of an ordinary length', total: '12.00' };
  for (let first = 0; first < jobs; first += CHUNK)
    await queue.addBulk(
      Array.from({ length: Math.min(CHUNK, jobs - first) }, (_, n) => ({
        name: 'insert',
        data: { op: 'insert', schema: 'public', table: 'orders', before: null, after },
        opts: {
          jobId: `${String(first + n).padStart(16, '0')}-00000001-bench`,
          removeOnComplete: { count: 1000, age: 86_400 },
        },
      })),
    );
  await queue.close();
}

async function drain(Contender) {
  const [redisBefore, workerBefore, startMs] = [await redisCpuUs(), process.cpuUsage(), performance.now()];
  let completed = 0;
  await new Promise(resolve => {
    const options = {
      connection: redis,
      prefix: 'bull',
      concurrency,
      lockDuration: 30_000,
      events: true,
      autorun: false,
    };
    const worker = new Contender('q', async () => 'ok', options);
    worker.on('completed', () => {
      completed += 1;
      if (completed === jobs) void worker.close().then(resolve);
    });
    void worker.run();
  });
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(workerBefore);
  const perJob = us => Math.round((us / jobs) * 10) / 10;
  return {
    perSecond: Math.round(jobs / seconds),
    workerUs: perJob(user + system),
    redisUs: perJob((await redisCpuUs()) - redisBefore),
  };
}

async function redisCpuUs() {
  const info = await redis.info('cpu');
  const of = name => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]);
  return (of('used_cpu_user') + of('used_cpu_sys')) * 1e6;
}
