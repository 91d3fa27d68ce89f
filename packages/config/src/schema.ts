import {
  type Change,
  type ChangeName,
  parseIdentifier,
  parseTableName,
  type Row,
  sqlIdentifier,
} from '@walmq/change';
import { tableDescriptions } from '@walmq/row-types';
import { z } from 'zod';
import { alertsFields } from './alerts-schema.js';
import { redisSentinel } from './redis/sentinel.js';

/**
 * PostgreSQL's limit is 63 bytes in the database's encoding, which is unknown here. So the check allows 63 characters.
 */
const isName = (name: string) => name !== '' && [...name].length <= 63 && !name.includes('\0');

const identifier = z
  .string()
  .transform(parseIdentifier)
  .refine(isName, 'must be one name of 1 to 63 characters');

/** Validates a table's name and keeps its text. resolveConfig parses it with parseTableName. */
const tableName = z.string().superRefine((text, context) => {
  const name = parseTableName(text);
  if (name && isName(name.schema) && isName(name.table)) return;
  const message =
    name || text === ''
      ? 'must be "table" or "schema.table", with names of 1 to 63 characters'
      : `must be "table" or "schema.table", and a name with a space, a dot or a quote stands in double quotes, as in SQL: ${quotedForm(text)}`;
  context.addIssue({ code: 'custom', message });
});

/** The name that was probably meant, correctly quoted. */
function quotedForm(text: string): string {
  const parts = text.replaceAll('"', '').split('.');
  return parts.length === 2 && parts.every(part => part !== '')
    ? `'${parts.map(sqlIdentifier).join('.')}'`
    : `'${sqlIdentifier(text.replaceAll('"', ''))}'`;
}

/** PostgreSQL's own rule for names of slots. Other names would need quotes in the replication protocol. */
const slotName = z
  .string()
  .regex(/^[a-z0-9_]{1,63}$/, 'must be 1 to 63 lower-case letters, digits and underscores');

const milliseconds = z.int().min(0).max(86_400_000);

const rowOperation = z.enum(['insert', 'update', 'delete', 'truncate']);

/** A column with the name "key" is written '"key"'. */
const orderBy = z.union([z.literal('key'), z.literal(false), identifier.transform(column => ({ column }))], {
  error: 'must be "key" (the row\'s replica identity), the name of a column, or false (no order)',
});

const retention = z.strictObject({
  /** Number of finished jobs to keep, newest first. */
  count: z.int().min(0).optional(),
  /** Seconds for which to keep a finished job. */
  ageSeconds: z.int().min(1).optional(),
});

const perTable = z.strictObject({
  orderBy: orderBy.optional(),
  operations: z.array(rowOperation).min(1).optional(),
});

const aggregateType = z.string().min(1, 'must be an aggregate type').max(200);

const columnNames = z.array(identifier).min(1);

const predicate = z.custom<(row: Row, change: ChangeName) => boolean>(
  isFunction,
  'must be a function of a row',
);
const transform = z.custom<(change: Change) => Change | null>(isFunction, 'must be a function of a change');
const passwordFunction = z.custom<
  (target: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  }) => string | Promise<string>
>(isFunction, 'must be a function that answers with the password');
const hashKey = z.custom<() => string | undefined>(isFunction, 'must be a function that returns the key');
const mask = z.union(
  [
    z.literal('redact'),
    z.strictObject({ truncate: z.int().min(0).max(1_000_000) }),
    z.strictObject({ hash: hashKey }),
  ],
  { error: 'must be "redact", { truncate: <characters> } or { hash: () => <key> }' },
);

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Fields of a queue. mistakes.ts checks their combinations. */
export const queueFields = z.strictObject({
  /** The table that feeds this queue: "orders" (of schema public) or "sales.orders". */
  table: tableName.optional(),
  /** Several tables for one queue, as a list or each with its own `orderBy` and `operations`. */
  tables: z.union([z.array(tableName).min(1), z.record(tableName, perTable)]).optional(),
  /** True if the queue takes logical messages with the prefix "walmq.event." and its name as events. Default false. */
  messages: z.boolean().default(false),
  /** Aggregate type, or types, whose events the queue takes from the outbox table. */
  outbox: z.union([aggregateType, z.array(aggregateType).min(1)]).optional(),
  /** Operations that become jobs. Default: all. */
  operations: z.array(rowOperation).min(1).optional(),
  /** Ordering key: changes with the same value are processed strictly in order. Default "key", the key of the row. */
  orderBy: orderBy.optional(),
  /**
   * The queue gets changes of rows for which this function is true before or after: docs/guides/shape.md. Default: all.
   */
  where: predicate.optional(),
  /** Columns that reach the queue. The key's columns always do. Default: all. */
  columns: columnNames.optional(),
  /** Columns that do not reach the queue. Default: none. */
  omit: columnNames.optional(),
  /** Masks by column: `'redact'`, `{ truncate: 4 }` or `{ hash: () => process.env.MASK_KEY }`. Default: none. */
  mask: z.record(identifier, mask).optional(),
  /** Pure synchronous function that returns the change for the queue, or null to drop it. Default: none. */
  transform: transform.optional(),
  /** Maximum bytes of a change's data as JSON. `onOversize` decides about a larger change. Default: no limit. */
  maxBytes: z
    .int()
    .min(1024)
    .max(512 * 1024 * 1024)
    .optional(),
  /**
   * Reaction to a change above `maxBytes`. `'park'` (the default): the change fails with the reason, and its key waits.
   * `{ strip: [...] }`: the change is delivered without these columns.
   */
  onOversize: z.union([z.literal('park'), z.strictObject({ strip: columnNames })]).optional(),
  /**
   * "initial": capture also enqueues the rows that the tables hold when it first sees them, as `read` changes. Default
   * "never".
   */
  snapshot: z.enum(['initial', 'never']).default('never'),
  /** Expected columns and types of the tables: `tables` of a file that "walmq types" wrote. Default: no check. */
  expect: tableDescriptions.optional(),
  /**
   * Reaction if a table differs from `expect` (drift). "warn" (the default): log and metrics. "park": the worker kit
   * fails changes that do not fit, so that their keys wait. "pause": capture pauses the queue, so that all its changes
   * wait. "stop": capture stops.
   */
  onDrift: z.enum(['warn', 'park', 'pause', 'stop']).optional(),
  /** Attempts at a change before it has failed for good and later changes of its key are parked. Default 8. */
  attempts: z.int().min(1).max(1000).default(8),
  /**
   * Delay before the n-th retry: delayMs * 2^(n-1) if exponential, delayMs if fixed. The actual delay is random,
   * between (1 - jitter) of this delay and the whole delay. `jitter` is 1 by default (full jitter), so that changes
   * that failed at the same time are not retried at the same time. The delay stops doubling at maxDelayMs. Default: one
   * hour.
   */
  backoff: z
    .strictObject({
      type: z.enum(['exponential', 'fixed']).default('exponential'),
      delayMs: milliseconds.default(1000),
      jitter: z.number().min(0).max(1).default(1),
      maxDelayMs: milliseconds.default(3_600_000),
    })
    .prefault({}),
  /** Completed jobs to keep for Bull Board. Default: the newest 1000, for one day. */
  keepCompleted: retention.default({ count: 1000, ageSeconds: 86_400 }),
  /**
   * Failed jobs to keep. Default: all. A limit discards failed changes, and discarding a failed change releases the later
   * changes of its key.
   */
  keepFailed: retention.default({}),
  /**
   * False: the events that BullMQ's QueueEvents reads are not written for changes that are enqueued, taken and completed.
   * Redis then spends a fifth less on each change. Bull Board needs no events. Default true.
   */
  bullmqEvents: z.boolean().default(true),
  /** Number of changes that one worker process handles at the same time. Default 10. */
  concurrency: z.int().min(1).max(10_000).default(10),
  /** Milliseconds after which a handler's AbortSignal fires. Default 30 000. */
  deadlineMs: milliseconds.min(1).default(30_000),
  /** How often a worker may die or stall on a change. A change that stalls more often fails. Default 3. */
  maxStalledCount: z.int().min(0).max(1000).default(3),
  /**
   * Milliseconds for which a change may be postponed repeatedly (postpone, Retry-After, deferred mail) before it fails.
   * Default: five days.
   */
  maxPostponedMs: z.int().min(0).max(31_536_000_000).default(432_000_000),
  /** Milliseconds without a renewed lock after which another worker takes over a change. Default 30 000. */
  stalledAfterMs: milliseconds.min(1000).default(30_000),
  /** Limit of `max` changes per `durationMs` for all workers of the queue together. Default: no limit. */
  rateLimit: z.strictObject({ max: z.int().min(1), durationMs: milliseconds.min(1) }).optional(),
});

const durability = z.union(
  [z.literal('fsync'), z.literal('memory'), z.strictObject({ replicated: z.int().min(1).max(100) })],
  { error: 'must be "fsync", "memory" or { replicated: <number of replicas> }' },
);

/** Default names of the dead-letter queue: the present name, and the name in earlier versions. */
export const DEAD_LETTER = 'walmq.dead-letter';
export const FORMER_DEAD_LETTER = 'walmq.malformed';

const queueName = z
  .string()
  .regex(/^[^:\s]{1,100}$/, 'the name of a queue has 1 to 100 characters, without spaces and ":"');

/** The outbox table and the names of its columns. Three columns decide how a row is routed. Set-up uses the others. */
export const outboxFields = z.strictObject({
  table: tableName.default('outbox'),
  columns: z
    .strictObject({
      id: identifier.default('id'),
      aggregateType: identifier.default('aggregate_type'),
      aggregateId: identifier.default('aggregate_id'),
      type: identifier.default('type'),
      payload: identifier.default('payload'),
      headers: identifier.default('headers'),
      createdAt: identifier.default('created_at'),
    })
    .prefault({}),
});

/** Workers that walmq brings along. `walmq worker` runs them by these names. */
export const READY_WORKERS = ['webhooks', 'audit', 'change-log'] as const;
export type ReadyWorker = (typeof READY_WORKERS)[number];

const workerName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/i,
    'the name of a worker has 1 to 63 letters, digits, "-" and "_", and begins with a letter or digit',
  )
  .refine(
    name => !READY_WORKERS.some(ready => ready === name),
    'is the name of a worker of walmq: choose another name',
  );

/** Fields of a configuration. mistakes.ts checks their combinations. */
export const configSchema = z.strictObject({
  source: z
    .strictObject({
      /** postgres:// URL of the database. Its role needs REPLICATION. Default: DATABASE_URL. */
      url: z.string().optional(),
      /**
       * postgres:// URL for workers, e.g. of a pooler. Capture and the command line use `url`. Default: WORKER_DATABASE_URL, else as
       * `url`.
       */
      workerUrl: z.string().optional(),
      /**
       * Answers with the password of one new connection, e.g. a token that expires. It is called for each connection. Default: the
       * password of the URL.
       */
      password: passwordFunction.optional(),
      /**
       * Shell command that prints the password of one new connection. It runs for each connection, with PGHOST, PGPORT, PGUSER and
       * PGDATABASE in its environment. Default: DATABASE_PASSWORD_COMMAND, else the password of the URL.
       */
      passwordCommand: z.string().min(1, 'must be a command').optional(),
      /**
       * Milliseconds without an answer from PostgreSQL after which walmq asks, on a new connection, whether the server
       * still has the old connection. Default 10 000.
       */
      deadlineMs: z.int().min(100).max(600_000).default(10_000),
      slot: slotName.default('walmq'),
      publication: identifier.default('walmq'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      /** URL of Redis: redis://, redis+sentinel://, redis+cluster://, unix://. Default: REDIS_URL. */
      url: z.string().optional(),
      /** The sentinels of Redis, in place of a redis+sentinel:// URL. */
      sentinel: redisSentinel.optional(),
      /** BullMQ's key prefix. Default "bull", as in BullMQ. */
      prefix: z
        .string()
        .regex(/^[^:\s]+$/, 'must not be empty nor hold ":" or spaces')
        .default('bull'),
      /**
       * Number of shards of the queues. Each shard has its own key prefix with a hash tag ("{bull-0}") and its own
       * checkpoint, so that a Redis Cluster can store shards on different nodes. Default 1: no hash tag.
       */
      shards: z.int().min(1).max(64).default(1),
      /** Milliseconds that a reply may take before the connection is closed and reopened. Default 10 000. */
      deadlineMs: z.int().min(100).max(600_000).default(10_000),
      /** Failures that an acknowledged change survives: "fsync" (the default), { replicated: n } or "memory". */
      durability: durability.default('fsync'),
      /**
       * Set it to true if CONFIG is forbidden (managed Redis). Capture then trusts `durability` without a check, and logs
       * this. Default false.
       */
      trustDurability: z.boolean().default(false),
    })
    .prefault({}),
  capture: z
    .strictObject({
      /** Maximum number of changes in one batch. Default 500. */
      batchChanges: z.int().min(1).max(5000).default(500),
      /** Maximum bytes of job data in one batch. A single larger change is sent alone. Default 1 MiB. */
      batchBytes: z
        .int()
        .min(1024)
        .max(64 * 1024 * 1024)
        .default(1024 * 1024),
      /** Maximum number of batches that are sent and not yet answered. Default 2. */
      batchesInFlight: z.int().min(1).max(16).default(2),
      /**
       * Milliseconds by which the slot stays behind the durable position, to repair a Redis that lost data. Default 0, or
       * 30 000 with sentinels or a cluster, whose failovers lose what a replica had not received.
       */
      ackDelayMs: milliseconds.optional(),
      /** Capture pauses if any queue has more unfinished jobs (waiting, active, delayed, parked). Default 1 000 000. */
      maxQueueDepth: z.int().min(1).default(1_000_000),
      /** Capture pauses above this share of Redis' maxmemory. Default 0.8. */
      maxRedisMemoryShare: z.number().gt(0).max(1).default(0.8),
      /**
       * Reaction if PostgreSQL does not send changes that queues expect, because of the publication or a table. "warn"
       * (the default): not ready, verdict, metric. "add": as "warn", and capture adds the tables to the publication if
       * its role may. "pause": capture pauses the queues that read the table. "stop": capture stops.
       */
      onUnpublished: z.enum(['warn', 'add', 'pause', 'stop']).default('warn'),
    })
    .prefault({}),
  queues: z
    .record(queueName, queueFields)
    .refine(queues => Object.keys(queues).length > 0, 'must configure at least one queue'),
  /**
   * The project's worker files by name: `{ payments: 'src/workers/payments.ts' }`, relative to the configuration. `walmq worker
   * payments` runs one of them, `walmq dev` all. Default: none.
   */
  workers: z.record(workerName, z.string().min(1, 'must be the path of a file')).default({}),
  /** Settings of `walmq dev`. */
  dev: z
    .strictObject({
      /**
       * Brings the schema of the database up to date before set-up: a command ('npx prisma migrate deploy'), or the path of a
       * .sql file, which may run again and again. Default: none.
       */
      schema: z.string().min(1).optional(),
      /** File for the row types. `walmq dev` writes it again when a table changes, if it exists. Default src/walmq-tables.ts. */
      types: z.string().min(1).default('src/walmq-tables.ts'),
    })
    .prefault({}),
  /** Messages about the verdicts of `walmq status`: docs/guides/alerts.md. Default: none. */
  alerts: alertsFields.optional(),
  outbox: outboxFields.prefault({}),
  /** Name of the queue for events that cannot be read or that no queue takes. It exists if any queue takes events. */
  deadLetter: queueName.optional(),
  /** @deprecated The former name of `deadLetter`. */
  malformed: queueName.optional(),
});

/** The configuration as a walmq.config.ts writes it, before defaults. */
export type WalmqConfigInput = z.input<typeof configSchema>;
export type Parsed = z.output<typeof configSchema>;

/** Returns its argument. Gives a walmq.config.ts types and completion in an editor. loadConfig validates it. */
export function defineConfig(config: WalmqConfigInput): WalmqConfigInput {
  return config;
}
