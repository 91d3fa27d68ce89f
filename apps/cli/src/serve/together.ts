import { WalmqError } from '@walmq/change';
import type { OwnVariables } from '@walmq/runtime';
import type { WorkerAppOptions } from '@walmq/worker';

export type AnyApp = WorkerAppOptions<OwnVariables>;

/**
 * One app with the workers of all. It has one port, one pool and one connection to Redis, and ends as a whole.
 * Throws WORKERS_APART if two declare one variable differently: only one declaration could hold.
 */
export function together(apps: readonly [AnyApp, ...AnyApp[]]): AnyApp {
  const [first] = apps;
  if (apps.length === 1) return first;
  return {
    name: apps.map(({ name }) => name).join('+'),
    defaultPort: first.defaultPort,
    needs: [...new Set(apps.flatMap(({ needs }) => needs))],
    own: apps.reduce<OwnVariables>(joinVariables, {}),
    rights: apps.flatMap(({ rights = [] }) => rights),
    workers: async (service, parts) => {
      const definitions = [];
      for (const { workers } of apps) definitions.push(...(await workers(service, parts)));
      return definitions;
    },
  };
}

function joinVariables(joined: OwnVariables, { name, own = {} }: AnyApp): OwnVariables {
  for (const [variable, declaration] of Object.entries(own))
    if (Object.hasOwn(joined, variable) && joined[variable] !== declaration)
      throw new WalmqError(
        'WORKERS_APART',
        `"${name}" and a worker before it declare the variable ${variable} differently.`,
        { remedy: 'Run each in a process of its own, or import the declaration from one file.' },
      );
  return { ...joined, ...own };
}
