import { alertMetrics, type Target, Watcher, watchStatus } from '@walmq/alerts';
import type { AlertsConfig, WalmqConfig } from '@walmq/config';
import { runService, type Start } from '@walmq/runtime';
import { z } from 'zod';
import { openStatusReader } from '../status/status-reader.js';

const OWN = { WALMQ_ALERT_STATE: z.string().optional() };

/** Watches the status until a signal ends the process. It starts and goes on without PostgreSQL and Redis. */
export async function runAlerts(
  {
    config,
    alerts,
    targets,
  }: { readonly config: WalmqConfig; readonly alerts: AlertsConfig; readonly targets: readonly Target[] },
  start: Start,
): Promise<void> {
  await runService(
    {
      name: 'alerts',
      defaultPort: 9109,
      needs: ['database', 'redis'],
      own: OWN,
      start: async service => {
        const { environment, log, stopping, metrics } = service;
        const reader = openStatusReader({
          config,
          databaseUrl:
            environment.database ?? environment.workerDatabase ?? new Error('DATABASE_URL is not set'),
          redisUrl: environment.redisUrl as string,
        });
        service.onStop('status', () => reader.close());
        const watcher = new Watcher({
          config,
          alerts,
          targets,
          log,
          metrics: alertMetrics(metrics),
          database: reader.pool,
          stateFile: environment.WALMQ_ALERT_STATE,
        });
        const watching = watchStatus({
          watcher,
          look: () => reader.lookWithRedis(),
          everySeconds: alerts.everySeconds,
          signal: stopping,
          log,
        });
        service.onStop('alerts', () => watching);
      },
    },
    start,
  );
}
