import { setTimeout as sleep } from 'node:timers/promises';
import { longestDeadlineMs, type QueueConfig, shardPrefixes } from '@walmq/config';
import { checkPostgres, type DatabaseUrl } from '@walmq/postgres';
import { keepConnected } from '@walmq/redis';
import { openPool, type ServiceParts, tracingNotInstalled, type ValuesOf, wholeNumber } from '@walmq/runtime';
import type { Telemetry } from 'bullmq';
import type { Pool } from 'pg';
import { checkDefinition } from '../define/check-definition.js';
import type { WorkerDefinition } from '../define/define.js';
import { workerMetrics } from '../metrics/metrics.js';
import { Isolation } from '../run/isolate.js';
import { type RunningWorker, startWorker } from '../run/start.js';
import { missingTables } from './missing-tables.js';
import { pruneRegularly } from './prune-regularly.js';
import { requireSources } from './require-sources.js';
import { checkDatabase, KIT_RIGHTS, type TableRights } from './rights.js';

/** What is open before the workers are built. */
export interface WorkerAppParts {
  /** Of the database that the configuration names. The kit uses it too, and closes it. */
  readonly pool: Pool;
}

export interface OpenWorkersOptions {
  readonly name: string;
  readonly service: ServiceParts<ValuesOf<typeof KIT_VARIABLES>>;
  /** Tables of the app's own in schema walmq, besides the kit's. */
  readonly rights: readonly TableRights[];
  readonly workers: (
    given: WorkerAppParts,
  ) => readonly WorkerDefinition[] | Promise<readonly WorkerDefinition[]>;
}

/** Share of the shutdown time that handlers get to finish before their signals are aborted. */
const DRAIN_SHARE = 0.7;

const HOUR_MS = 3_600_000;
/** Milliseconds for which the start waits for the first contact with Redis. */
const FIRST_CONTACT_MS = 2000;

/** The environment variables of every worker app. */
export const KIT_VARIABLES = {
  WALMQ_INBOX_KEEP_HOURS: wholeNumber(1, 999_999).default(168),
  WALMQ_DATABASE_CONNECTIONS: wholeNumber(1, 1000).default(20),
};

/** Opens the connections of a worker app, starts its workers and the pruning, and adds how they stop to the service. */
export async function openWorkers(options: OpenWorkersOptions): Promise<WorkerAppParts> {
  const { service } = options;
  const { config, environment, log } = service;
  const name = `walmq ${options.name}`;
  const pool = openPool({
    url: environment.workerDatabase as DatabaseUrl,
    name,
    log,
    forHandlers: true,
    idleInTransactionMs: longestDeadlineMs(config),
    max: environment.WALMQ_DATABASE_CONNECTIONS,
    deadlineMs: config.source.deadlineMs,
  });
  service.onStop('postgres', () => pool.end());
  const rights = [...KIT_RIGHTS, ...options.rights];
  await checkDatabase({ pool, stopping: service.stopping, onFault: service.fail, rights });
  const kept = keepConnected({
    url: environment.redisUrl as string,
    name,
    log,
    onFault: service.fail,
    prefix: shardPrefixes(config.redis)[0] as string,
    deadlineMs: config.redis.deadlineMs,
  });
  const { redis } = kept;
  service.onStop('redis', async () => kept.close());
  service.readyWhen(
    'postgres',
    async () => (await checkPostgres(pool)) ?? (await missingTables(pool, rights)),
  );
  service.readyWhen('redis', () => kept.check());
  const metrics = workerMetrics(service.metrics);
  const definitions = await options.workers({ pool });
  await requireSources(pool);
  const telemetry = environment.tracing ? await bullmqTelemetry() : undefined;
  const isolation = new Isolation();
  for (const definition of definitions) checkDefinition(definition, config.queues);
  let running: readonly RunningWorker[] | undefined;
  // Not earlier: BullMQ's workers spin, and react to no signal, if the user lacks a right that they need.
  const started = kept.usable.then(() => {
    if (service.stopping.aborted) return;
    running = definitions.map(definition =>
      startWorker({
        definition,
        redis,
        pool,
        log,
        metrics,
        isolation,
        queues: config.queues,
        telemetry,
      }),
    );
  });
  // If Redis is there, the first answer is ready; otherwise not ready.
  await Promise.race([started, sleep(FIRST_CONTACT_MS, undefined, { ref: false })]);
  tellOfFewConnections(definitions, service, environment.WALMQ_DATABASE_CONNECTIONS);
  const pruning = pruneRegularly({
    pool,
    redis,
    log,
    metrics,
    queues: definitions.map(({ queue }) => config.queues[queue] as QueueConfig),
    slot: config.source.slot,
    keepMs: environment.WALMQ_INBOX_KEEP_HOURS * HOUR_MS,
  });
  service.onStop('pruning', () => pruning.stop());
  service.readyWhen('workers', () =>
    running?.every(worker => worker.isRunning()) ? undefined : 'a worker does not run',
  );
  service.onStop('workers', async () => {
    await Promise.all((running ?? []).map(worker => worker.close(environment.shutdownMs * DRAIN_SHARE)));
  });
  return { pool };
}

/** Throws TRACING_NOT_INSTALLED. */
async function bullmqTelemetry(): Promise<Telemetry> {
  const { BullMQOtel } = await import('bullmq-otel').catch(tracingNotInstalled);
  return new BullMQOtel({ tracerName: 'walmq' });
}

/**
 * Otherwise handlers that use `once` would wait for each other's connections. A pool of this size costs other
 * handlers nothing.
 */
function tellOfFewConnections(
  definitions: readonly WorkerDefinition[],
  { config, log }: Pick<ServiceParts, 'config' | 'log'>,
  connections: number,
): void {
  const handlers = definitions.reduce((sum, { queue }) => sum + (config.queues[queue]?.concurrency ?? 0), 0);
  if (handlers > connections)
    log.warn(
      { event: 'worker:few-connections', handlers, connections },
      `Up to ${handlers} handlers run at a time, on ${connections} connections to PostgreSQL: set WALMQ_DATABASE_CONNECTIONS if most of them use once()`,
    );
}
