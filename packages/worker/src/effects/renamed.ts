import type { Logger } from '@walmq/runtime';
import type { Pool } from 'pg';
import { type Entry, entryKey, keyOf } from './once-for-all.js';
import { run } from './run-statement.js';
import { sourceOf } from './schema.js';

export interface RenamedOptions {
  readonly pool: Pool;
  readonly queue: string;
  readonly deadlineMs: number;
  readonly log: Logger;
}

/** A change that was tried again, and the names of its effects in this try. */
export interface Asked extends Entry {
  readonly names: readonly string[];
}

/** Number of changes that a warning names. */
const MAX_IDS = 10;

/**
 * Warns of effects that an earlier try made under a name that this try did not use. A name that differs at every try
 * repeats its effect at every try, and nothing fails because of it.
 */
export async function warnOfRenamedEffects(
  changes: readonly Asked[],
  options: RenamedOptions,
): Promise<void> {
  const asked = changes.filter(({ names }) => names.length > 0);
  if (asked.length === 0) return;
  // The changes are done. A failed query that only serves a warning does not matter.
  const made = await madeEffects(asked, options).catch(() => new Map<string, readonly string[]>());
  const groups = new Map<string, { made: readonly string[]; asked: readonly string[]; ids: string[] }>();
  for (const change of asked) {
    const others = made.get(entryKey(change))?.filter(name => !change.names.includes(name)) ?? [];
    if (others.length === 0) continue;
    const key = JSON.stringify([others, change.names]);
    const group = groups.get(key) ?? { made: others, asked: change.names, ids: [] };
    groups.set(key, group);
    group.ids.push(change.changeId);
  }
  for (const { made: others, asked: names, ids } of groups.values())
    options.log.warn(
      {
        event: 'effect:renamed',
        made: others,
        asked: names,
        changes: ids.length,
        changeIds: ids.slice(0, MAX_IDS),
      },
      `An earlier try of this change made the effect "${others.join('", "')}", and this one "${names.join('", "')}": ` +
        'if they are the same, it was made twice; an effect has to have the same name at every try',
    );
}

/** Names of the effects that are recorded as done, by entryKey. */
async function madeEffects(
  changes: readonly Entry[],
  options: RenamedOptions,
): Promise<Map<string, readonly string[]>> {
  const { rows } = await run<{ change_id: string; source: string; names: string[] }>(
    options,
    `SELECT e.change_id, e.source, array_agg(e.name ORDER BY e.name) AS names
       FROM unnest($2::text[], $3::text[]) AS t (change_id, source)
       JOIN walmq.effects e ON e.queue = $1 AND e.change_id = t.change_id AND e.source = t.source
      WHERE e.state = 'done' GROUP BY e.change_id, e.source`,
    [options.queue, changes.map(({ changeId }) => changeId), changes.map(({ jobId }) => sourceOf(jobId))],
  );
  return new Map(rows.map(({ change_id, source, names }) => [keyOf(change_id, source), names]));
}
