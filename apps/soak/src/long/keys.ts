/** What a key that remains in Redis is for, once all queues have run dry. */
interface Remaining {
  readonly pattern: RegExp;
  readonly why: string;
}

/** Part of a key after the prefix of its shard. */
const OF_WALMQ: readonly Remaining[] = [
  { pattern: /^walmq:checkpoint:/, why: "capture's checkpoint, one per source and shard" },
  { pattern: /^walmq:catalog:/, why: "capture's notes on tables, until their WAL is acknowledged" },
  { pattern: /^walmq:claim:/, why: 'the claim of the capture that streams; expires' },
  { pattern: /^walmq:pipeline$/, why: 'the claim of the pipeline that feeds the prefix; expires' },
  {
    pattern: /^walmq:home$/,
    why: 'the identity of the prefix, by which a slot of two configurations is noticed',
  },
  { pattern: /^walmq:captures$/, why: 'list of the captures that run' },
  { pattern: /^walmq:capture:/, why: 'status of one capture; expires' },
  { pattern: /^walmq:last-capture:/, why: 'status of the capture that streamed last' },
  { pattern: /^walmq:tables:/, why: 'tables that the status has seen' },
];

/** Part of a key after prefix and queue. */
const OF_QUEUE: readonly Remaining[] = [
  { pattern: /^meta$/, why: "BullMQ's settings of the queue" },
  { pattern: /^id$/, why: "BullMQ's counter of jobs" },
  { pattern: /^events$/, why: "BullMQ's stream of events, limited to some 10,000" },
  { pattern: /^completed$/, why: 'completed jobs that keepCompleted keeps' },
  { pattern: /^[0-9A-F]{16}-\d{10}-\w+$/, why: 'a completed job that keepCompleted keeps' },
  {
    pattern: /^[0-9A-F]{16}-\d{10}-\w+:processed$/,
    why: 'result of the change that a completed job has waited for; removed with the job',
  },
  { pattern: /^marker$/, why: 'wakes workers of an empty queue' },
  { pattern: /^stalled-check$/, why: "BullMQ's lock of the check for stalled jobs; expires" },
  { pattern: /^metrics:/, why: "BullMQ's counts per minute, of the last hours" },
  { pattern: /^walmq:last$/, why: 'last jobs of ordering keys, until they are swept' },
  {
    pattern: /^walmq:figures:/,
    why: 'counts of a minute or an hour for the dashboard; expires after 75 minutes or 26 hours',
  },
  { pattern: /^walmq:ring$/, why: 'ordering keys whose last jobs are to be swept' },
];

export interface KeyGroup {
  readonly what: string;
  readonly why: string;
  readonly count: number;
}

export interface ExplainedKeys {
  readonly groups: readonly KeyGroup[];
  /** Keys that nothing here explains. */
  readonly unknown: readonly string[];
}

/** Groups the keys that remain by what they are for. Pure. */
export function explainKeys(
  keys: readonly string[],
  { prefixes, queues }: { readonly prefixes: readonly string[]; readonly queues: readonly string[] },
): ExplainedKeys {
  const counts = new Map<Remaining, number>();
  const unknown: string[] = [];
  for (const key of keys) {
    const found = explain(key, prefixes, queues);
    if (found) counts.set(found, (counts.get(found) ?? 0) + 1);
    else unknown.push(key);
  }
  return {
    groups: [...counts].map(([{ pattern, why }, count]) => ({ what: pattern.source, why, count })),
    unknown,
  };
}

function explain(key: string, prefixes: readonly string[], queues: readonly string[]): Remaining | undefined {
  for (const prefix of prefixes) {
    if (!key.startsWith(`${prefix}:`)) continue;
    const rest = key.slice(prefix.length + 1);
    const own = OF_WALMQ.find(({ pattern }) => pattern.test(rest));
    if (own) return own;
    const queue = queues.find(name => rest.startsWith(`${name}:`));
    const part = queue === undefined ? undefined : rest.slice(queue.length + 1);
    if (part !== undefined) return OF_QUEUE.find(({ pattern }) => pattern.test(part));
  }
  return undefined;
}
