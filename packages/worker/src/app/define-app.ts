import type { OwnVariables } from '@walmq/runtime';
import type { WorkerAppOptions } from './app.js';

type Named = 'name' | 'defaultPort' | 'needs';

/** What a worker file may export: a worker app whose name, port and needs have defaults. */
export type WorkerApp<Own extends OwnVariables = OwnVariables> = Omit<WorkerAppOptions<Own>, Named> &
  Partial<Pick<WorkerAppOptions<Own>, Named>>;

/**
 * Returns its argument, with types from `own` for `service.environment`. For the default export of a worker file that opens
 * something for its handlers: `walmq worker` runs it.
 */
export function defineWorkerApp<Own extends OwnVariables = Record<never, never>>(
  app: WorkerApp<Own>,
): WorkerApp<Own> {
  return app;
}
