import { resolve } from 'node:path';
import { shardPrefixes } from '@walmq/config';
import { FiguresReader, failedIds, OperatorLog, readFailures, readStatus } from '@walmq/operations';
import { keepConnected } from '@walmq/redis';
import { openPool, runService, type Start } from '@walmq/runtime';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { admit } from './access/admit.js';
import { basePathOf, withoutBasePath } from './access/base-path.js';
import { ACCESS_VARIABLES, basePathRule, readPolicy } from './access/policy.js';
import { mountAssets } from './assets.js';
import { mountBoards } from './board.js';
import { discardInto } from './discard-into.js';
import { mountLog } from './log/mount.js';
import { mountMend } from './mend/mount.js';
import { rowActions } from './mend/row-actions.js';
import { BOARD_PATHS } from './page/links.js';
import { mountActions } from './pipeline/actions.js';
import { mountPipeline } from './pipeline/mount.js';
import { Observer } from './pipeline/observer.js';
import { selectGroup } from './pipeline/select-group.js';
import { registerQueueMetrics } from './queue-metrics.js';
import { mountRow } from './row/mount.js';
import { mountRunbook } from './runbook/mount.js';
import { mountSearch } from './search/mount.js';
import { selectFound } from './search/select-found.js';
import { watchAlerts } from './watch-alerts.js';

/**
 * Limit of failed jobs per queue that the page groups: an operator looks at reasons, not at this many
 * changes.
 */
const MAX_LISTED = 5000;
/** Limit of their data: with large rows it would take Redis and the network all the time. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Runs the dashboard until a signal or a fault ends the process. */
export async function runDashboard(given: Start = {}): Promise<void> {
  await runService(
    {
      name: 'dashboard',
      defaultPort: 9100,
      needs: ['redis'],
      own: {
        ...ACCESS_VARIABLES,
        WALMQ_DISCARDED: z.string().default('walmq-discarded'),
        WALMQ_ALERT_STATE: z.string().optional(),
      },
      rewriteUrl: variables => {
        const rule = basePathRule(variables);
        return ({ url = '/', headers, socket }) =>
          withoutBasePath(url, basePathOf({ headers, peer: socket.remoteAddress ?? '' }, rule));
      },
      start: async service => {
        const { config, environment, log } = service;
        const policy = await readPolicy(environment.host, environment);
        const kept = keepConnected({
          url: environment.redisUrl as string,
          name: 'walmq dashboard',
          log,
          onFault: service.fail,
          prefix: shardPrefixes(config.redis)[0] as string,
          deadlineMs: config.redis.deadlineMs,
        });
        const { redis } = kept;
        const isReady = () => redis.status === 'ready';
        const queues = Object.values(config.queues).map(queue => ({
          config: queue,
          // The dashboard shows queues, and must not write metadata that only the queues' owners know.
          queue: new Queue(queue.name, { connection: redis, prefix: queue.prefix, skipMetasUpdate: true }),
        }));
        for (const { queue } of queues)
          queue.on('error', error =>
            log.debug({ event: 'queue:error', error: error.message }, 'A queue cannot be read'),
          );
        const bullmqQueues = queues.map(({ queue }) => queue);
        // Two connections need no pooler, and the direct way keeps walmq's settings of a session.
        const way = environment.database ?? environment.workerDatabase;
        const database =
          way === undefined
            ? new Error('DATABASE_URL is not set')
            : openPool({
                url: way,
                name: 'walmq dashboard',
                log,
                // One more for the lock of alerts.
                max: 3,
                deadlineMs: config.source.deadlineMs,
              });
        const figures = new FiguresReader();
        const observer = new Observer({
          readStatus: () => readStatus({ config, database, redis, figures }),
          readFailures: () =>
            readFailures({ redis, queues: bullmqQueues, maxListed: MAX_LISTED, maxBytes: MAX_BYTES }),
          stopping: service.stopping,
        });
        const { http } = service;
        const { tokens, identify } = await admit({
          http,
          policy,
          boardPaths: BOARD_PATHS,
          log,
        });
        await mountAssets(http);
        const discardFolder = resolve(environment.WALMQ_DISCARDED);
        const operators = new OperatorLog(database, {
          onUnnoted: sentence => log.warn({ event: 'operator-log:unnoted' }, sentence),
        });
        mountBoards({
          http,
          redis,
          operators,
          queues,
          isReady,
          discardFailed: async queue => {
            const ids = await failedIds({ redis, queue });
            if (ids.length === 0) return;
            const { discarded, file } = await discardInto({ redis, queue, ids, folder: discardFolder });
            log.info(
              { event: 'failed:discard', queue: queue.name, discarded, file },
              'Discarded all failed changes',
            );
            observer.refresh();
          },
        });
        mountPipeline({ http, observer, tokens, identify });
        mountRow({ http, tokens, config, database, redis, log, actions: rowActions(config) });
        mountLog({ http, tokens, database, config });
        mountRunbook({ http, tokens });
        const acting = { http, observer, tokens, redis, log, operators, discardFolder };
        mountMend({ ...acting, config, queues: bullmqQueues, database });
        const failures = { redis, queues: bullmqQueues };
        mountActions({ ...acting, path: '/pipeline', select: selectGroup({ ...failures, observer }) });
        mountActions({ ...acting, path: '/search', select: selectFound(failures) });
        mountSearch({ http, tokens, config, queues: bullmqQueues, redis, database, log });
        void observer.run().catch(service.fail);
        registerQueueMetrics({
          registry: service.metrics,
          redis,
          figures,
          queues: Object.values(config.queues),
        });
        service.readyWhen('redis', () => kept.check());
        service.onStop('redis', async () => {
          await Promise.all(queues.map(({ queue }) => queue.close()));
          kept.close();
          if (!(database instanceof Error)) await database.end();
        });
        await watchAlerts(service, {
          database,
          redis,
          figures,
          stateFile: environment.WALMQ_ALERT_STATE,
          env: given.env,
        });
      },
    },
    given,
  );
}
