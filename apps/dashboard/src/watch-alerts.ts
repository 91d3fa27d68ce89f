import { alertMetrics, openTargets, Watcher, watchStatus } from '@walmq/alerts';
import type { FiguresReader } from '@walmq/operations';
import { readStatus } from '@walmq/operations';
import type { Service, Start } from '@walmq/runtime';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';

/** Tells the targets of `alerts` what the status finds wrong, as long as the dashboard runs. Throws for a mistake in `alerts`. */
export async function watchAlerts(
  service: Pick<Service, 'config' | 'log' | 'metrics' | 'stopping' | 'onStop' | 'fail'>,
  {
    database,
    redis,
    figures,
    stateFile,
    env = process.env,
  }: {
    readonly database: Pool | Error;
    readonly redis: Redis;
    readonly figures: FiguresReader;
    readonly stateFile: string | undefined;
    /** Where the secrets of targets are. */
    readonly env: Start['env'];
  },
): Promise<void> {
  const { config, log, metrics, stopping } = service;
  const { alerts } = config;
  // Also without alerts: a process has the same metrics, whatever its configuration is.
  const counted = alertMetrics(metrics);
  if (alerts === undefined) return;
  const watcher = new Watcher({
    config,
    alerts,
    log,
    database,
    stateFile,
    targets: await openTargets(alerts, env),
    metrics: counted,
  });
  const watching = watchStatus({
    watcher,
    log,
    look: async () => ({ redis, status: await readStatus({ config, database, redis, figures }) }),
    everySeconds: alerts.everySeconds,
    signal: stopping,
  });
  service.onStop('alerts', () => watching);
}
