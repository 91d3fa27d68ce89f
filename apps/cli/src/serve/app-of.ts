import { WalmqError } from '@walmq/change';
import type { WorkerApp, WorkerDefinition } from '@walmq/worker';

const REMEDY =
  'Write "export default defineWorker(...)", a list of such workers, or "export default defineWorkerApp({ workers: ... })".';

/**
 * The app that a worker file exports. Throws WORKER_INVALID, which says what the file exports instead.
 */
export function appOf(exports: Readonly<Record<string, unknown>>, file: string): WorkerApp {
  if (!('default' in exports)) {
    const names = Object.keys(exports);
    const found = names.length === 0 ? 'It exports nothing.' : `It exports ${names.join(', ')}.`;
    throw new WalmqError('WORKER_INVALID', `${file} has no default export. ${found}`, {
      remedy: `${REMEDY} A file that calls runWorkerApp is a program of its own: start it with node.`,
    });
  }
  const found = exports.default;
  if (isDefinition(found)) return { workers: () => [found] };
  if (isDefinitions(found)) return { workers: () => found };
  if (isApp(found)) return found;
  throw new WalmqError('WORKER_INVALID', `the default export of ${file} is ${kindOf(found)}.`, {
    remedy: REMEDY,
  });
}

function isDefinition(value: unknown): value is WorkerDefinition {
  const { queue, on, events } = Object(value) as Partial<WorkerDefinition>;
  return typeof queue === 'string' && on instanceof Map && events instanceof Map;
}

function isDefinitions(value: unknown): value is readonly WorkerDefinition[] {
  return Array.isArray(value) && value.length > 0 && value.every(isDefinition);
}

function isApp(value: unknown): value is WorkerApp {
  return typeof (Object(value) as Partial<WorkerApp>).workers === 'function';
}

/** What a reader recognises: `a function`, `a list with something else than workers`, `an object with the fields queue, on`. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (value instanceof Promise) return 'a promise, which needs "await"';
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : 'a list with something else than workers';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const fields = Object.keys(value);
  return fields.length === 0 ? 'an empty object' : `an object with the fields ${fields.join(', ')}`;
}
