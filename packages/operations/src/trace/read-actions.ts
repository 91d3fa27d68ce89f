import type { ClientBase } from 'pg';
import { utc } from '../log/read-log.js';
import type { ActionView } from './trace.js';

/** What the operators' log holds, by change. */
export interface Actions {
  readonly byChange: ReadonlyMap<string, readonly ActionView[]>;
  /** `missing`: the log is not set up. `forbidden`: this role may not read it. */
  readonly problem?: 'missing' | 'forbidden';
}

export const NO_ACTIONS: Actions = { byChange: new Map() };

const PROBLEMS: Readonly<Record<string, 'missing' | 'forbidden'>> = {
  '42P01': 'missing',
  '3F000': 'missing',
  '42501': 'forbidden',
};

/** Reads what operators did to these changes, the oldest first. */
export async function readActions(client: ClientBase, changeIds: readonly string[]): Promise<Actions> {
  try {
    const { rows } = await client.query<ActionView & { readonly change: string }>(
      `SELECT change, ${utc('begun_at')} AS at, who, via, action, queue, outcome, reason, result
         FROM walmq.operator_log, unnest(change_ids) AS change
        WHERE change_ids && $1::text[] AND change = ANY ($1)
        ORDER BY operator_log.id`,
      [changeIds],
    );
    const byChange = new Map<string, ActionView[]>();
    for (const { change, ...action } of rows) {
      const own = byChange.get(change);
      if (own) own.push(action);
      else byChange.set(change, [action]);
    }
    return { byChange };
  } catch (error) {
    const problem = PROBLEMS[String((error as { code?: unknown }).code)];
    if (problem === undefined) throw error;
    return { ...NO_ACTIONS, problem };
  }
}

/** Who took the change's job out of the queue, as a sentence; undefined: nobody did. */
export function removalText(actions: readonly ActionView[], queue: string): string | undefined {
  const removal = actions.findLast(
    ({ action, outcome, queue: of }) =>
      of === queue && outcome === 'done' && (action === 'discard' || action === 'remove'),
  );
  return (
    removal &&
    `${removal.who} ${removal.action === 'discard' ? 'discarded' : 'removed'} it at ${removal.at} (${removal.via}).`
  );
}
