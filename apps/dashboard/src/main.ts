import { loadConfig } from '@walmq/config';
import { checkRedis, connectRedis, runService } from '@walmq/service';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { checkAccess } from './access.js';
import { mountBoard } from './board.js';
import { registerQueueMetrics } from './queue-metrics.js';

await runService({
  name: 'dashboard',
  defaultPort: 9100,
  needs: ['redis'],
  own: { WALMQ_DASHBOARD_ALLOW_REMOTE: z.enum(['yes', 'no'], { error: 'must be yes or no' }).default('no') },
  start: async service => {
    const { environment, log } = service;
    checkAccess(environment.host, environment.WALMQ_DASHBOARD_ALLOW_REMOTE === 'yes');
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
    mountBoard({ http: service.http, queues });
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
