import type { Redis } from 'ioredis';
import type { TableFinding } from './pipeline-status.js';

/** When something was looked at, and how far the WAL was. */
export interface Moment {
  /** ISO 8601. */
  readonly at: string;
  /** `16/B374D848` */
  readonly lsn: string;
}

/** A table as it was when capture looked at it last. */
export interface SeenTable {
  readonly oid: number;
  /** By oid, `schema.table` of each. */
  readonly partitions: Readonly<Record<string, string>>;
}

/** A gap that is open: since when, at the earliest, and what it is. */
export interface OpenGap {
  /** Null: it was there at the first look. */
  readonly since: Moment | null;
  readonly what: string;
  readonly remedy: string;
}

/** What is over and not made good yet. */
export interface TableLoss extends TableFinding {
  readonly until: Moment;
}

/**
 * What capture remembers of publication and tables, so that what happens between two looks, or while no capture runs, is
 * noticed all the same.
 */
export interface TableMemory {
  /** Null before the first look. */
  readonly looked: Moment | null;
  readonly publicationOid: number | null;
  readonly tables: Readonly<Record<string, SeenTable>>;
  /** By the oid of a table that inherits: its parent. It stays while the table may still be in the WAL. */
  readonly children: Readonly<Record<string, { oid: number; schema: string; table: string }>>;
  /** Filters and column lists that count as meant, by table. Null: those of the next look. */
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

/** `prefix` is that of the heartbeats, `source` what names database, slot and server. */
export function tableMemoryKey(prefix: string, source: string): string {
  return `${prefix}:walmq:tables:${source}`;
}

/** A hash with each field as JSON. */
export async function readTableMemory(redis: Redis, key: string): Promise<TableMemory> {
  const fields = Object.entries(await redis.hgetall(key));
  return {
    ...NOTHING_SEEN,
    ...Object.fromEntries(fields.map(([name, json]) => [name, JSON.parse(json) as unknown])),
  };
}

/** Writes what is not as it was before. */
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

/** What is over counts as made good, and the filters of the publication as meant. */
export async function acceptTables(redis: Redis, key: string): Promise<void> {
  await redis.hdel(key, 'losses', 'filters');
}
