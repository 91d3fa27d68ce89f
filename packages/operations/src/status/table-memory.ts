import type { Redis } from 'ioredis';
import type { TableFinding } from './pipeline-status.js';

/** When something was looked at, and the end of the WAL then. */
export interface Moment {
  /** ISO 8601. */
  readonly at: string;
  /** `16/B374D848` */
  readonly lsn: string;
}

/** A table at capture's last look. */
export interface SeenTable {
  readonly oid: number;
  /** `schema.table` of each, by oid. */
  readonly partitions: Readonly<Record<string, string>>;
}

/** An open gap: its kind, and its earliest possible beginning. */
export interface OpenGap {
  /** Null: the gap was there at the first look. */
  readonly since: Moment | null;
  readonly what: string;
  readonly remedy: string;
}

/** A gap that is closed and not yet repaired. */
export interface TableLoss extends TableFinding {
  readonly until: Moment;
}

/**
 * What capture remembers about publication and tables. It lets capture notice what happens between two looks,
 * or while no capture runs.
 */
export interface TableMemory {
  /** Null before the first look. */
  readonly looked: Moment | null;
  readonly publicationOid: number | null;
  readonly tables: Readonly<Record<string, SeenTable>>;
  /**
   * The parent of a table that inherits, by the table's oid. Kept while the WAL may still hold changes of the
   * table.
   */
  readonly children: Readonly<Record<string, { oid: number; schema: string; table: string }>>;
  /** Filters and column lists that count as intended, by table. Null: those of the next look. */
  readonly filters: Readonly<Record<string, string>> | null;
  readonly open: Readonly<Record<string, OpenGap>>;
  readonly losses: readonly TableLoss[];
}

export const NOTHING_SEEN: TableMemory = {
  looked: null,
  publicationOid: null,
  tables: {},
  children: {},
  filters: null,
  open: {},
  losses: [],
};

/** `prefix` is the heartbeats' prefix; `source` names database, slot and server. */
export function tableMemoryKey(prefix: string, source: string): string {
  return `${prefix}:walmq:tables:${source}`;
}

/** A hash; each field is JSON. */
export async function readTableMemory(redis: Redis, key: string): Promise<TableMemory> {
  const fields = Object.entries(await redis.hgetall(key));
  return {
    ...NOTHING_SEEN,
    ...Object.fromEntries(fields.map(([name, json]) => [name, JSON.parse(json) as unknown])),
  };
}

/** Writes the fields that have changed. */
export async function writeTableMemory(
  redis: Redis,
  key: string,
  { before, now }: { readonly before: TableMemory; readonly now: TableMemory },
): Promise<void> {
  const was = new Map(Object.entries(before).map(([name, value]) => [name, JSON.stringify(value)]));
  const changed = Object.entries(now)
    .map(([name, value]) => [name, JSON.stringify(value)] as const)
    .filter(([name, json]) => was.get(name) !== json);
  if (changed.length > 0) await redis.hset(key, Object.fromEntries(changed));
}

/** Marks closed gaps as repaired, and the publication's filters as intended. */
export async function acceptTables(redis: Redis, key: string): Promise<void> {
  await redis.hdel(key, 'losses', 'filters');
}
