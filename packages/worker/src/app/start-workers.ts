import type { WalmqConfigInput } from '@walmq/config';
import { type LogEntry, type Logger, openService } from '@walmq/runtime';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { WorkerDefinition } from '../define/define.js';
import { KIT_VARIABLES, openWorkers, type WorkerAppParts } from './open-workers.js';
import type { TableRights } from './rights.js';

/** What the workers of an application read and open. */
export interface StartWorkersOptions {
  readonly workers:
    | readonly WorkerDefinition[]
    | ((given: WorkerAppParts) => readonly WorkerDefinition[] | Promise<readonly WorkerDefinition[]>);
  /** Name of the connections to PostgreSQL and Redis. Default: `workers`. */
  readonly name?: string | undefined;
  /** The input of `defineConfig`, or the path of its file. Default: WALMQ_CONFIG, or `walmq.config.ts`. */
  readonly config?: WalmqConfigInput | string | undefined;
  /** Environment variables. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A logger, or a function that takes each entry of LOG_LEVEL. Default: lines on standard output. */
  readonly log?: Logger | ((entry: LogEntry) => void) | undefined;
  /** Takes the metrics of the workers. Default: a registry of its own. */
  readonly metrics?: Registry | undefined;
  /** Tables of the application's own in schema walmq; the rights on them are tried at the start. */
  readonly rights?: readonly TableRights[] | undefined;
  /** Called with a fault that needs a person, after it was logged. `reasons` names it from then on. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Workers that run within an application. */
export interface StartedWorkers {
  /** The pool of `once`. */
  readonly pool: Pool;
  readonly metrics: Registry;
  /** The reasons why the workers are not ready, by part. Empty: ready. */
  reasons(): Promise<Record<string, string>>;
  /**
   * Stops taking changes, lets handlers finish for 70 % of WALMQ_SHUTDOWN_MS, aborts the others, and closes all
   * connections.
   */
  stop(): Promise<void>;
}

/**
 * Starts workers within an application that has a process of its own: with its configuration, connections and pruning, as
 * runWorkerApp does, but without pages, signals and the end of the process. The application calls `stop`. Rejects with the
 * faults with which runWorkerApp ends the process.
 */
export async function startWorkers(options: StartWorkersOptions): Promise<StartedWorkers> {
  const { name = 'workers', rights = [], workers, ...given } = options;
  const service = await openService({ ...given, name, needs: ['database', 'redis'], own: KIT_VARIABLES });
  try {
    const { pool } = await openWorkers({
      name,
      service,
      rights,
      workers: typeof workers === 'function' ? workers : () => workers,
    });
    return { pool, metrics: service.metrics, reasons: service.reasons, stop: service.stop };
  } catch (error) {
    await service.stop();
    throw error;
  }
}
