import {
  type OwnVariables,
  requireOptions,
  runService,
  type Service,
  type ServiceOptions,
  type Start,
  type ValuesOf,
} from '@walmq/runtime';
import type { WorkerDefinition } from '../define/define.js';
import { KIT_VARIABLES, openWorkers, type WorkerAppParts } from './open-workers.js';
import type { TableRights } from './rights.js';

/** A worker process: its name, port, needs, environment and workers. */
export interface WorkerAppOptions<Own extends OwnVariables>
  extends Omit<ServiceOptions<Own>, 'start' | 'rewriteUrl'> {
  /** Tables of the app's own in schema walmq, besides the kit's; the rights on them are tried at start. */
  readonly rights?: readonly TableRights[];
  /** The app's workers. What they open must be closed through `service.onStop`. */
  readonly workers: (
    service: Service<ValuesOf<Own>>,
    given: WorkerAppParts,
  ) => readonly WorkerDefinition[] | Promise<readonly WorkerDefinition[]>;
}

/** The life of a worker process: configuration, connections, workers, readiness, drain. */
export async function runWorkerApp<Own extends OwnVariables = Record<never, never>>(
  options: WorkerAppOptions<Own>,
  given: Start = {},
): Promise<void> {
  const { name, rights = [] } = options;
  const app: ServiceOptions<typeof KIT_VARIABLES> = {
    ...options,
    own: { ...options.own, ...KIT_VARIABLES },
    start: async service => {
      requireOptions(options, ['workers']);
      // The environment also holds the app's own variables, which were read together with the kit's.
      const own = service as unknown as Service<ValuesOf<Own>>;
      await openWorkers({ name, service, rights, workers: parts => options.workers(own, parts) });
    },
  };
  await runService(app, given);
}
