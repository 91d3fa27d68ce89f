import { loadConfig } from '@walmq/config';
import { checkRedis, connectRedis, runService } from '@walmq/service';
import { Queue } from 'bullmq';
import { admit } from './access/admit.js';
import type { Identity } from './access/identify.js';
import { ACCESS_VARIABLES, readPolicy } from './access/policy.js';
import { mountAssets } from './assets.js';
import { BOARD_PATH, mountBoards, READ_ONLY_BOARD_PATH } from './board.js';
import { pipelinePage } from './pipeline/page.js';
import { registerQueueMetrics } from './queue-metrics.js';

await runService({
  name: 'dashboard',
  defaultPort: 9100,
  needs: ['redis'],
  own: { ...ACCESS_VARIABLES },
  start: async service => {
    const { environment, log } = service;
    const policy = await readPolicy(environment.host, environment);
    const config = await loadConfig(environment.configPath);
    const url = config.redis.url ?? (environment.redisUrl as string);
    const redis = connectRedis({ url, name: 'walmq dashboard', log });
    const queues = Object.values(config.queues).map(queue => ({
      config: queue,
      // It shows queues and must not write what only their owners know.
      queue: new Queue(queue.name, { connection: redis, prefix: config.redis.prefix, skipMetasUpdate: true }),
    }));
    for (const { queue } of queues)
      queue.on('error', error =>
        log.debug({ event: 'queue:error', error: error.message }, 'A queue cannot be read'),
      );
    const { http } = service;
    const { tokens } = await admit({ http, policy, boardPaths: [BOARD_PATH, READ_ONLY_BOARD_PATH], log });
    await mountAssets(http);
    mountBoards({ http, queues });
    http.get('/', async (request, reply) => {
      const identity = request.identity as Identity;
      return await reply
        .type('text/html; charset=utf-8')
        .send(pipelinePage({ identity, token: tokens.of(identity) }));
    });
    registerQueueMetrics(
      service.metrics,
      queues.map(({ queue }) => queue),
    );
    service.readyWhen('redis', () => checkRedis(redis));
    service.onStop('redis', async () => {
      await Promise.all(queues.map(({ queue }) => queue.close()));
      redis.disconnect();
    });
  },
});
