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

/** PostgreSQL's limit is 63 bytes in the database's encoding, which is unknown here: the check allows 63 characters. */
const isName = (name: string) => name !== '' && [...name].length <= 63 && !name.includes('\0');

const identifier = z
  .string()
  .transform(parseIdentifier)
  .refine(isName, 'must be one name of 1 to 63 characters');

/** Kept as it is written; resolveConfig reads it with parseTableName. */
const tableName = z.string().superRefine((text, context) => {
  const name = parseTableName(text);
  if (name && isName(name.schema) && isName(name.table)) return;
  const message =
    name || text === ''
      ? 'must be "table" or "schema.table", with names of 1 to 63 characters'
      : `must be "table" or "schema.table", and a name with a space, a dot or a quote stands in double quotes, as in SQL: ${quotedForm(text)}`;
  context.addIssue({ code: 'custom', message });
});

/** What was probably meant, as it has to be written. */
function quotedForm(text: string): string {
  const parts = text.replaceAll('"', '').split('.');
  return parts.length === 2 && parts.every(part => part !== '')
    ? `'${parts.map(sqlIdentifier).join('.')}'`
    : `'${sqlIdentifier(text.replaceAll('"', ''))}'`;
}

/** PostgreSQL's own rule for slots; names beyond it would need quoting in the replication protocol. */
const slotName = z
  .string()
  .regex(/^[a-z0-9_]{1,63}$/, 'must be 1 to 63 lower-case letters, digits and underscores');

const milliseconds = z.int().min(0).max(86_400_000);

const rowOperation = z.enum(['insert', 'update', 'delete', 'truncate']);

/** A column that is called "key" is written '"key"'. */
const orderBy = z.union([z.literal('key'), z.literal(false), identifier.transform(column => ({ column }))], {
  error: 'must be "key" (the row\'s replica identity), the name of a column, or false (no order)',
});

const retention = z.strictObject({
  /** How many finished jobs to keep, newest first. */
  count: z.int().min(0).optional(),
  /** Seconds to keep a finished job. */
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

/** A queue on its own, before its fields are held against each other. */
export const queueFields = z.strictObject({
  /** The table that feeds this queue: "orders" (of schema public) or "sales.orders". */
  table: tableName.optional(),
  /** Several tables in one queue, each with its own ordering column. */
  tables: z.union([z.array(tableName).min(1), z.record(tableName, perTable)]).optional(),
  /** Takes the logical messages with prefix "walmq.event." and its name: events without a table. */
  messages: z.boolean().default(false),
  /** The aggregate type, or types, whose events it takes from the outbox table. */
  outbox: z.union([aggregateType, z.array(aggregateType).min(1)]).optional(),
  /** Which operations become jobs. Default: all. */
  operations: z.array(rowOperation).min(1).optional(),
  /** Within which value changes are processed strictly in order. Default: the replica identity ("key"). */
  orderBy: orderBy.optional(),
  /** Only changes of rows of which this is true, before or after; see docs/guides/shape.md. Default: all. */
  where: predicate.optional(),
  /** The columns that reach the queue. Default: all. The key always does. */
  columns: columnNames.optional(),
  /** Columns that do not. */
  omit: columnNames.optional(),
  /** Columns whose values are hidden: `'redact'`, `{ truncate: 4 }` or `{ hash: () => process.env.MASK_KEY }`. */
  mask: z.record(identifier, mask).optional(),
  /** What the change becomes, null for nothing. A pure function, and not an asynchronous one. */
  transform: transform.optional(),
  /** Bytes of a change's data as JSON. `onOversize` decides about a larger change. Default: no limit. */
  maxBytes: z
    .int()
    .min(1024)
    .max(512 * 1024 * 1024)
    .optional(),
  /** `'park'` (the default): it fails with the reason, and its key waits; `{ strip: [...] }`: without these columns. */
  onOversize: z.union([z.literal('park'), z.strictObject({ strip: columnNames })]).optional(),
  /**
   * Whether the rows that its tables hold when capture first sees them are enqueued too, as reads: "initial" or "never".
   * Default "never".
   */
  snapshot: z.enum(['initial', 'never']).default('never'),
  /** What its tables are expected to be like: `tables` of a file that "walmq types" wrote. Default: anything. */
  expect: tableDescriptions.optional(),
  /**
   * What is done when a table is no longer as expected: "warn" in log and metrics; "park": changes that do not fit fail
   * in the worker kit, so that their keys wait; "pause" the queue, so that all its changes wait; "stop" capture. Default
   * "warn".
   */
  onDrift: z.enum(['warn', 'park', 'pause', 'stop']).optional(),
  /** How often a change is tried before it has failed for good and parks its key. Default 8. */
  attempts: z.int().min(1).max(1000).default(8),
  /**
   * Delay before the n-th retry: delayMs * 2^(n-1) when exponential, delayMs when fixed; at random between
   * (1 - jitter) of that and all of it. Default 1, full jitter: what failed together does not come back together.
   * Past maxDelayMs it doubles no more. Default: an hour.
   */
  backoff: z
    .strictObject({
      type: z.enum(['exponential', 'fixed']).default('exponential'),
      delayMs: milliseconds.default(1000),
      jitter: z.number().min(0).max(1).default(1),
      maxDelayMs: milliseconds.default(3_600_000),
    })
    .prefault({}),
  /** Completed jobs to keep for Bull Board. Default: the newest 1000, for a day. */
  keepCompleted: retention.default({ count: 1000, ageSeconds: 86_400 }),
  /**
   * Failed jobs to keep. Default: all. A limit here discards failed changes, and discarding one releases the
   * later changes of its key.
   */
  keepFailed: retention.default({}),
  /** Changes one worker process handles at the same time. Default 10. */
  concurrency: z.int().min(1).max(10_000).default(10),
  /** Milliseconds a handler has; its AbortSignal fires then. Default 30 000. */
  deadlineMs: milliseconds.min(1).default(30_000),
  /** How often a worker may die or stall on a change before the change has failed. Default 3. */
  maxStalledCount: z.int().min(0).max(1000).default(3),
  /**
   * Milliseconds for which a change may be put off again and again (postpone, Retry-After, deferred mail) before it has
   * failed. Default: five days.
   */
  maxPostponedMs: z.int().min(0).max(31_536_000_000).default(432_000_000),
  /** Milliseconds without a sign of life after which another worker takes a change over. Default 30 000. */
  stalledAfterMs: milliseconds.min(1000).default(30_000),
  /** At most `max` changes every `durationMs`, over all workers of the queue. Default: no limit. */
  rateLimit: z.strictObject({ max: z.int().min(1), durationMs: milliseconds.min(1) }).optional(),
});

const durability = z.union(
  [z.literal('fsync'), z.literal('memory'), z.strictObject({ replicated: z.int().min(1).max(100) })],
  { error: 'must be "fsync", "memory" or { replicated: <number of replicas> }' },
);

/** Names of the dead-letter queue where the configuration has none: today's, and that of earlier versions. */
export const DEAD_LETTER = 'walmq.dead-letter';
export const FORMER_DEAD_LETTER = 'walmq.malformed';

const queueName = z
  .string()
  .regex(/^[^:\s]{1,100}$/, 'the name of a queue has 1 to 100 characters, without spaces and ":"');

/** The outbox table, and what its columns are called. Only three decide a row's way; the others are for set-up. */
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

/** A configuration, each field on its own; mistakes.ts checks combinations. */
export const configSchema = z.strictObject({
  source: z
    .strictObject({
      /** postgres:// URL of the database; its role needs REPLICATION. Default: DATABASE_URL. */
      url: z.string().optional(),
      /**
       * Milliseconds that PostgreSQL may leave a question unanswered before it is asked, on a new connection, whether it
       * still has the old one. Default 10 000.
       */
      deadlineMs: z.int().min(100).max(600_000).default(10_000),
      slot: slotName.default('walmq'),
      publication: identifier.default('walmq'),
    })
    .prefault({}),
  redis: z
    .strictObject({
      /** redis:// or rediss:// URL. Default: REDIS_URL. */
      url: z.string().optional(),
      /** BullMQ's key prefix. Default "bull", BullMQ's own. */
      prefix: z
        .string()
        .regex(/^[^:\s]+$/, 'must not be empty nor hold ":" or spaces')
        .default('bull'),
      /**
       * Over how many shards the queues are spread: each has its own key prefix with a hash tag ("{bull-0}") and its
       * own checkpoint, so that a Redis Cluster can hold them on different nodes. Default 1: no hash tag.
       */
      shards: z.int().min(1).max(64).default(1),
      /** Milliseconds a reply may take before the connection is closed and opened again. Default 10 000. */
      deadlineMs: z.int().min(100).max(600_000).default(10_000),
      /** What an acknowledged change survives: "fsync" (the default), { replicated: n } or "memory". */
      durability: durability.default('fsync'),
      /** True where CONFIG is forbidden (managed Redis): the promise is taken on trust and logged. */
      trustDurability: z.boolean().default(false),
    })
    .prefault({}),
  capture: z
    .strictObject({
      /** Changes in one batch, at most. Default 500. */
      batchChanges: z.int().min(1).max(5000).default(500),
      /** Bytes of job data in one batch, at most (one larger change still goes out alone). Default 1 MiB. */
      batchBytes: z
        .int()
        .min(1024)
        .max(64 * 1024 * 1024)
        .default(1024 * 1024),
      /** Batches sent and not yet answered, at most. Default 2. */
      batchesInFlight: z.int().min(1).max(16).default(2),
      /** Milliseconds the slot trails the durable position by, to heal a Redis that lost data. Default 0. */
      ackDelayMs: milliseconds.default(0),
      /** Unfinished jobs (waiting, active, delayed, parked) in any queue past which capture pauses. Default 1 000 000. */
      maxQueueDepth: z.int().min(1).default(1_000_000),
      /** Share of Redis' maxmemory past which capture pauses. Default 0.8. */
      maxRedisMemoryShare: z.number().gt(0).max(1).default(0.8),
      /**
       * When the publication or a table is such that changes which queues expect do not come: "warn" (the default: not
       * ready, verdict, metric), "add" (as "warn", and adds tables to the publication by itself where its role may),
       * "pause" (the queues concerned) or "stop".
       */
      onUnpublished: z.enum(['warn', 'add', 'pause', 'stop']).default('warn'),
    })
    .prefault({}),
  queues: z
    .record(queueName, queueFields)
    .refine(queues => Object.keys(queues).length > 0, 'must configure at least one queue'),
  outbox: outboxFields.prefault({}),
  /** The queue of events that cannot be read or that no queue takes. It exists if any queue takes events. */
  deadLetter: queueName.optional(),
  /** @deprecated The former name of `deadLetter`. */
  malformed: queueName.optional(),
});

/** What a walmq.config.ts writes. */
export type WalmqConfigInput = z.input<typeof configSchema>;
export type Parsed = z.output<typeof configSchema>;

/** Types and completes a walmq.config.ts; checked when it is loaded. */
export function defineConfig(config: WalmqConfigInput): WalmqConfigInput {
  return config;
}
