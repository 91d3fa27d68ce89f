/** What a queue takes: the tables of its changes, by name. */
export interface QueueLoad {
  readonly queue: string;
  readonly tables: readonly string[];
}

/** Queues of one pipeline of several. */
export interface SplitPart {
  readonly queues: readonly string[];
  readonly tables: readonly string[];
  /** Share of all writes, from 0 to 1. */
  readonly share: number;
}

/**
 * Divides queues over pipelines so that each has about the same number of writes. Queues that share a table stay together: each
 * pipeline would decode and enqueue that table. The busiest group goes to the pipeline with the least, and so on. Returns fewer
 * parts than asked for if there are fewer groups.
 */
export function splitQueues(
  queues: readonly QueueLoad[],
  writes: ReadonlyMap<string, number>,
  parts: number,
): SplitPart[] {
  const total = [...new Set(queues.flatMap(({ tables }) => tables))].reduce(
    (sum, table) => sum + (writes.get(table) ?? 0),
    0,
  );
  const groups = groupsOf(queues)
    .map(group => ({
      ...group,
      writes: group.tables.reduce((sum, table) => sum + (writes.get(table) ?? 0), 0),
    }))
    .sort((a, b) => b.writes - a.writes);
  const bins = Array.from({ length: Math.min(parts, groups.length) }, () => ({
    queues: [] as string[],
    tables: [] as string[],
    writes: 0,
  }));
  for (const group of groups) {
    const least = bins.reduce((a, b) =>
      b.writes < a.writes || (b.writes === a.writes && b.queues.length < a.queues.length) ? b : a,
    );
    least.queues.push(...group.queues);
    least.tables.push(...group.tables);
    least.writes += group.writes;
  }
  return bins.map(bin => ({
    queues: bin.queues.sort(),
    tables: bin.tables.sort(),
    share: total === 0 ? 0 : bin.writes / total,
  }));
}

/** Queues that are connected by tables. */
function groupsOf(queues: readonly QueueLoad[]): { queues: string[]; tables: string[] }[] {
  const groups: { queues: string[]; tables: Set<string> }[] = [];
  for (const { queue, tables } of queues) {
    const joined = groups.filter(group => tables.some(table => group.tables.has(table)));
    const merged = {
      queues: [...joined.flatMap(group => group.queues), queue],
      tables: new Set([...joined.flatMap(group => [...group.tables]), ...tables]),
    };
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups.map(group => ({ queues: group.queues, tables: [...group.tables] }));
}
