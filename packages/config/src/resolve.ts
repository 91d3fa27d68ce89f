import { crc32 } from 'node:zlib';
import { type Operation, parseTableName, qualifiedName, type TableName, tableName } from '@walmq/change';
import type { TableDescription } from '@walmq/row-types';
import { sentinelUrl } from './redis/sentinel.js';
import { DEAD_LETTER, FORMER_DEAD_LETTER, type Parsed, queueFields } from './schema.js';

/** What has to be equal for changes to be in order: the row's key, nothing (`false`), or the value of a column. */
export type OrderBy = 'key' | false | { readonly column: string };

/** One table of one queue: which of its changes the queue takes, and in which order. */
export interface TableRoute {
  readonly schema: string;
  readonly table: string;
  /** Operations that become jobs. Undefined: all. */
  readonly operations: ReadonlySet<Operation> | undefined;
  readonly orderBy: OrderBy;
  /** Expected columns and types of the table. Undefined: no check. */
  readonly expected: TableDescription | undefined;
}

/** Reaction to drift of a table. The worker kit implements `park`, capture the others. */
export type OnDrift = 'warn' | 'park' | 'pause' | 'stop';

/** One queue with every default filled in. */
export interface QueueConfig {
  readonly name: string;
  /** Number of the queue's shard, from 0. The queue's name decides it. */
  readonly shard: number;
  /** BullMQ's key prefix of the queue: the prefix of its shard. */
  readonly prefix: string;
  readonly tables: readonly TableRoute[];
  /** True if the queue takes logical messages as events. */
  readonly messages: boolean;
  /** Aggregate types whose events the queue takes from the outbox table. */
  readonly outbox: readonly string[];
  readonly onDrift: OnDrift;
  /** Filter, columns, masks, transform and size limit. Undefined: the queue gets every change complete. */
  readonly shape: ShapeConfig | undefined;
  /** `initial`: capture also enqueues the rows that the tables hold when it first sees them. */
  readonly snapshot: 'initial' | 'never';
  readonly attempts: number;
  readonly backoff: {
    readonly type: 'exponential' | 'fixed';
    readonly delayMs: number;
    readonly jitter: number;
    /** Maximum delay. The worker kit applies it, because BullMQ has no such limit. */
    readonly maxDelayMs: number;
  };
  readonly keepCompleted: Retention;
  readonly keepFailed: Retention;
  /** False: capture and workers write no BullMQ events of changes that are enqueued, taken and completed. */
  readonly bullmqEvents: boolean;
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly maxStalledCount: number;
  readonly maxPostponedMs: number;
  readonly stalledAfterMs: number;
  readonly rateLimit: { readonly max: number; readonly durationMs: number } | undefined;
}

/** The shape of a queue's changes. An undefined field does not alter the change. */
export interface ShapeConfig {
  readonly where: ParsedQueue['where'];
  readonly columns: readonly string[] | undefined;
  readonly omit: readonly string[] | undefined;
  readonly mask: ParsedQueue['mask'];
  readonly transform: ParsedQueue['transform'];
  readonly maxBytes: number | undefined;
  readonly strip: readonly string[];
}

/** Limits for finished jobs. An undefined field means no limit. */
export interface Retention {
  readonly count?: number | undefined;
  readonly ageSeconds?: number | undefined;
}

/** When a job counts as durable: written to disk, in memory, or on a number of replicas. */
export type Durability = 'fsync' | 'memory' | { readonly replicated: number };

/** Who is told what the status finds wrong, and when. */
export type AlertsConfig = Readonly<NonNullable<Parsed['alerts']>>;

/** One receiver of alerts. */
export type AlertTargetConfig = AlertsConfig['targets'][string];

/** Capture's options. */
export type CaptureConfig = Readonly<Parsed['capture']>;

/** A validated configuration with every default filled in. */
export interface WalmqConfig {
  readonly source: {
    readonly url: string | undefined;
    /** For workers, e.g. of a pooler. */
    readonly workerUrl: string | undefined;
    /** Answers with the password of one new connection. */
    readonly password: Parsed['source']['password'];
    /** Shell command that prints the password of one new connection. */
    readonly passwordCommand: string | undefined;
    readonly slot: string;
    readonly publication: string;
    /** Milliseconds without an answer before walmq checks whether the connection is alive. */
    readonly deadlineMs: number;
  };
  readonly redis: {
    readonly url: string | undefined;
    readonly prefix: string;
    readonly shards: number;
    readonly durability: Durability;
    /** Milliseconds that a reply may take before the connection is closed and reopened. */
    readonly deadlineMs: number;
    readonly trustDurability: boolean;
  };
  readonly capture: CaptureConfig;
  /** All queues by name. The former dead-letter queue and the dead-letter queue are the last two, if they exist. */
  readonly queues: Readonly<Record<string, QueueConfig>>;
  /** The project's worker files by name. A relative path starts at the folder of the configuration. */
  readonly workers: Readonly<Record<string, string>>;
  readonly dev: {
    /** A command, or the path of a .sql file. Undefined: walmq dev leaves the schema as it is. */
    readonly schema: string | undefined;
    readonly types: string;
  };
  /** Messages about the status. Undefined: none. */
  readonly alerts: AlertsConfig | undefined;
  /** Undefined if no queue takes events from an outbox table. */
  readonly outbox: OutboxConfig | undefined;
  /** Name of the queue for events that cannot be read or that no queue takes. Undefined if no queue takes events. */
  readonly deadLetter: string | undefined;
  /**
   * Name of the dead-letter queue of earlier versions. It gets no new events. Its events can be listed, replayed and
   * discarded like the events of every queue. Undefined if the configuration names a dead-letter queue.
   */
  readonly formerDeadLetter: string | undefined;
  /** One sentence for each deprecated option in the configuration. */
  readonly warnings: readonly string[];
}

/** A table whose inserted rows are events. */
export interface OutboxConfig {
  readonly schema: string;
  readonly table: string;
  readonly columns: Readonly<Parsed['outbox']['columns']>;
}

/** Milliseconds that the handler of any queue may take at most. */
export function longestDeadlineMs({ queues }: Pick<WalmqConfig, 'queues'>): number {
  return Math.max(...Object.values(queues).map(({ deadlineMs }) => deadlineMs));
}

type ParsedQueue = Parsed['queues'][string];

/** Completes a validated configuration: every queue gets its shard, tables and defaults. The result is deeply frozen. */
export function resolveConfig(parsed: Parsed): WalmqConfig {
  const queues = Object.entries(parsed.queues).map(
    ([name, queue]) => [name, resolveQueue(name, queue, parsed.redis)] as const,
  );
  const takesEvents = queues.some(([, { messages, outbox }]) => messages || outbox.length > 0);
  const { deadLetter, formerDeadLetter } = takesEvents ? deadLetterNames(parsed) : NO_DEAD_LETTERS;
  for (const name of [formerDeadLetter, deadLetter])
    if (name !== undefined) queues.push([name, resolveQueue(name, queueFields.parse({}), parsed.redis)]);
  return deepFreeze({
    source: {
      ...parsed.source,
      url: parsed.source.url,
      workerUrl: parsed.source.workerUrl,
      password: parsed.source.password,
      passwordCommand: parsed.source.passwordCommand,
    },
    redis: resolveRedis(parsed.redis),
    capture: parsed.capture,
    workers: parsed.workers,
    alerts: parsed.alerts,
    dev: { schema: parsed.dev.schema, types: parsed.dev.types },
    queues: Object.fromEntries(queues),
    outbox: queues.some(([, { outbox }]) => outbox.length > 0)
      ? { ...parsedName(parsed.outbox.table), columns: parsed.outbox.columns }
      : undefined,
    deadLetter,
    formerDeadLetter,
    warnings:
      parsed.malformed === undefined
        ? []
        : ['walmq.config.ts has "malformed", the former name of the option "deadLetter".'],
  });
}

function resolveRedis({ sentinel, ...redis }: Parsed['redis']): WalmqConfig['redis'] {
  return { ...redis, url: sentinel === undefined ? redis.url : sentinelUrl(sentinel) };
}

const NO_DEAD_LETTERS = { deadLetter: undefined, formerDeadLetter: undefined };

/**
 * If the configuration names a dead-letter queue, by the option's present or former name, that is the only one. Otherwise
 * events of an earlier version may still be in the former queue, so walmq reads that queue as well.
 */
function deadLetterNames({
  deadLetter,
  malformed,
  queues,
}: Pick<Parsed, 'deadLetter' | 'malformed' | 'queues'>) {
  const configured = deadLetter ?? malformed;
  if (configured !== undefined) return { deadLetter: configured, formerDeadLetter: undefined };
  return {
    deadLetter: DEAD_LETTER,
    formerDeadLetter: Object.hasOwn(queues, FORMER_DEAD_LETTER) ? undefined : FORMER_DEAD_LETTER,
  };
}

/** The tables that the publication must contain: all tables that queues read, and the outbox, each once, sorted by name. */
export function publishedTables(config: WalmqConfig): TableName[] {
  const tables = new Map<string, TableName>();
  for (const queue of Object.values(config.queues))
    for (const { schema, table } of queue.tables)
      tables.set(qualifiedName({ schema, table }), { schema, table });
  if (config.outbox) {
    const { schema, table } = config.outbox;
    tables.set(qualifiedName({ schema, table }), { schema, table });
  }
  return [...tables.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, table]) => table);
}

/** The key prefix of each shard. A hash tag keeps all keys of one shard in one slot of a Redis Cluster. */
export function shardPrefixes({ prefix, shards }: Pick<WalmqConfig['redis'], 'prefix' | 'shards'>): string[] {
  if (shards === 1) return [prefix];
  return Array.from({ length: shards }, (_, shard) => `{${prefix}-${shard}}`);
}

function resolveQueue(name: string, queue: ParsedQueue, redis: Parsed['redis']): QueueConfig {
  const { table, tables, operations, orderBy, expect, outbox = [], onDrift = 'warn', ...others } = queue;
  const { where, columns, omit, mask, transform, maxBytes, onOversize, ...rest } = others;
  const isShaped = [where, columns, omit, mask, transform, maxBytes].some(field => field !== undefined);
  const strip = typeof onOversize === 'object' ? onOversize.strip : [];
  const shard = crc32(name) % redis.shards;
  return {
    ...rest,
    name,
    shard,
    prefix: shardPrefixes(redis)[shard] as string,
    rateLimit: rest.rateLimit,
    onDrift,
    shape: isShaped ? { where, columns, omit, mask, transform, maxBytes, strip } : undefined,
    outbox: typeof outbox === 'string' ? [outbox] : outbox,
    tables: tableEntries(table, tables).map(resolveTable),
  };

  function resolveTable([qualified, own]: TableEntry): TableRoute {
    const name = parsedName(qualified);
    const taken = own.operations ?? operations;
    return {
      ...name,
      operations: taken && new Set<Operation>(taken),
      orderBy: own.orderBy ?? orderBy ?? 'key',
      expected: expect?.[tableName(name)],
    };
  }
}

/** Parses a table's name that the schema has validated. */
function parsedName(text: string): TableName {
  return parseTableName(text) as TableName;
}

type PerTable = { orderBy?: OrderBy | undefined; operations?: readonly Operation[] | undefined };
type TableEntry = readonly [string, PerTable];

function tableEntries(table: ParsedQueue['table'], tables: ParsedQueue['tables']): TableEntry[] {
  if (table !== undefined) return [[table, {}]];
  if (Array.isArray(tables)) return tables.map(name => [name, {}]);
  return Object.entries(tables ?? {});
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Set) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
