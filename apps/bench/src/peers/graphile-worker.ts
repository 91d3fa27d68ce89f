/** graphile-worker: its defaults, or tuned as its documentation recommends for throughput. */
import type { ClientBase } from 'pg';
import { type ConsumerContext, concurrencyOf } from '../cases/bench-config.js';
import { makeOne } from '../consumers/effect-sql.js';
import { Handled, nowMs } from '../consumers/handled.js';
import { loadPeer } from './load-peer.js';
import { GRAPHILE_TASK } from './triggers.js';

interface Helpers {
  withPgClient<T>(act: (client: ClientBase) => Promise<T>): Promise<T>;
}
interface GraphileWorker {
  run(options: object): Promise<{ stop(): Promise<void> }>;
  Logger: new (factory: () => (level: string, message: string) => void) => object;
}

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const { run, Logger } = loadPeer<GraphileWorker>('graphile-worker', context.peersFolder);
const handled = new Handled();
const concurrentJobs = concurrencyOf(context.work);

const runner = await run({
  connectionString: context.databaseUrl,
  noHandleSignals: true,
  logger: new Logger(() => (level, message) => {
    if (level === 'error') console.error(message);
  }),
  taskList: {
    [GRAPHILE_TASK]: async ({ id }: { id: number }, { withPgClient }: Helpers) => {
      const begunMs = nowMs();
      if (context.work === 'once') await withPgClient(async client => await client.query(makeOne(id)));
      handled.add(id, begunMs);
    },
  },
  preset: {
    worker: context.isTuned
      ? {
          concurrentJobs,
          maxPoolSize: concurrentJobs + 6,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        }
      : { concurrentJobs, maxPoolSize: concurrentJobs + 6 },
  },
});
process.on('SIGTERM', () => void runner.stop().finally(() => process.exit(0)));
handled.ready();
