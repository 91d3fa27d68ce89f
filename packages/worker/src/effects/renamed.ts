import type { Logger } from '@walmq/runtime';
import { type Entry, entryKey } from './once-for-all.js';
import type { Records } from './records.js';

export interface RenamedOptions {
  readonly records: Pick<Records, 'madeEffects'>;
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
  const made = await options.records
    .madeEffects(options, asked)
    .catch(() => new Map<string, readonly string[]>());
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
