import { lsnToHex, parseLsn } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { QueueKeys } from 'bullmq';
import type { Pool, PoolClient } from 'pg';
import type { DatabasePool, RedisConnection } from '../own-clients.js';
import { inTransaction } from './transaction.js';

/** Which rows of the inbox and of the ledger of effects may go. */
export interface PruneOptions {
  readonly pool: DatabasePool;
  readonly redis: RedisConnection;
  /** The queues whose rows may be pruned, because Redis can be asked for their jobs. */
  readonly queues: readonly Pick<QueueConfig, 'name' | 'prefix'>[];
  /** Name of the slot that the queues' changes come from. */
  readonly slot: string;
  /** Milliseconds for which rows always stay: see docs/guides/workers.md. */
  readonly keepMs: number;
  /** Ends the sweep after the current page. */
  readonly signal: AbortSignal;
  /** Number of rows that one transaction checks. Default 1000. */
  readonly pageRows?: number;
}

/** Numbers of deleted rows. `busy` is true if another process is pruning. */
export interface Pruned {
  readonly inbox: number;
  readonly effects: number;
  readonly busy: boolean;
}

interface Row {
  readonly queue: string;
  readonly change_id: string;
  readonly job_id: string;
  readonly source: string;
  /** Empty for a row of the inbox. */
  readonly name: string;
  /** The time as PostgreSQL's text, which keeps the microseconds. */
  readonly at: string;
}

/**
 * The columns of both tables under common names. For an effect that was never done, the time of its intention counts.
 */
const TABLES = {
  inbox: { at: 'done_at', name: "''::text", key: 'queue, change_id, source' },
  effects: { at: 'coalesce(done_at, intended_at)', name: 'name', key: 'queue, change_id, source, name' },
} as const;
type Table = keyof typeof TABLES;

const PAGE_ROWS = 1000;
const STATEMENT_TIMEOUT_MS = 60_000;
/** Maximum milliseconds to wait for Redis, so that no transaction stays open while Redis is unreachable. */
const REDIS_TIMEOUT_MS = 5000;

/**
 * Deletes rows that no longer protect any change, in pages of one short transaction each. Deletes a row only if its
 * change cannot be delivered again, that is if all three conditions hold:
 *
 * - the slot is confirmed beyond the change's commit, so PostgreSQL never sends the change again;
 * - Redis no longer holds its job in any state: neither unfinished, nor failed and open to a retry;
 * - the row is older than `keepMs`, which covers a Redis or a database that is set back to an earlier state.
 *
 * Leaves the rows of other pipelines of this database alone: a queue of the same name may be theirs, under another prefix.
 *
 * The order of the checks matters: a job that does not exist after the slot has passed its change will never exist
 * again.
 */
export async function pruneInbox(options: PruneOptions): Promise<Pruned> {
  const { confirmed: before, others } = await readSlots(options.pool as Pool, options.slot);
  const pruned = { inbox: 0, effects: 0 };
  for (const table of ['inbox', 'effects'] as const) {
    let after: Row | undefined;
    do {
      const page = await inTransaction({ pool: options.pool, deadlineMs: STATEMENT_TIMEOUT_MS }, tx =>
        prunePage(tx, { ...options, table, before, others, after }),
      );
      if (!page) return { ...pruned, busy: true };
      pruned[table] += page.deleted;
      after = page.last;
    } while (after && !options.signal.aborted);
  }
  return { ...pruned, busy: false };
}

interface Slots {
  /**
   * The slot's confirmed position in the form of the beginning of a change's id. Null if the slot does not exist, because then
   * nothing is sent again.
   */
  readonly confirmed: string | null;
  /** Sources of the changes of other slots of this database, as in job ids. */
  readonly others: readonly string[];
}

async function readSlots(pool: Pool, slot: string): Promise<Slots> {
  const { rows } = await pool.query<{ slot: string; lsn: string | null; source: string }>(
    // The tag of a source, as capture puts it into the ids of jobs.
    `SELECT slot_name AS slot, confirmed_flush_lsn::text AS lsn,
            left(encode(sha256(convert_to((pg_control_system()).system_identifier || '/' || database || '/' || slot_name, 'UTF8')), 'hex'), 6) AS source
       FROM pg_replication_slots WHERE database = current_database() OR slot_name = $1`,
    [slot],
  );
  const lsn = rows.find(row => row.slot === slot)?.lsn;
  return {
    confirmed: lsn ? lsnToHex(parseLsn(lsn)) : null,
    others: rows.filter(row => row.slot !== slot).map(({ source }) => source),
  };
}

interface Page {
  readonly deleted: number;
  /** Last row of the page, behind which the next page begins. Undefined after the last page. */
  readonly last: Row | undefined;
}

async function prunePage(
  tx: PoolClient,
  options: PruneOptions & {
    readonly table: Table;
    readonly before: string | null;
    readonly others: readonly string[];
    readonly after: Row | undefined;
  },
): Promise<Page | undefined> {
  const { table, pageRows = PAGE_ROWS } = options;
  // One process is enough. Others would only check the same rows.
  const lock = await tx.query<{ held: boolean }>(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('walmq.prune', 0)) AS held",
  );
  if (!lock.rows[0]?.held) return undefined;
  const rows = await readPage(tx, options);
  const exists = await jobsExist(options, rows);
  const gone = rows.filter((_, index) => exists[index] === false);
  if (gone.length > 0)
    await tx.query(
      `DELETE FROM walmq.${table} WHERE (${TABLES[table].key}) IN (
         SELECT ${TABLES[table].key} FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS gone (queue, change_id, name, source))`,
      [
        gone.map(row => row.queue),
        gone.map(row => row.change_id),
        gone.map(row => row.name),
        gone.map(row => row.source),
      ],
    );
  return { deleted: gone.length, last: rows.length === pageRows ? rows.at(-1) : undefined };
}

async function readPage(tx: PoolClient, options: Parameters<typeof prunePage>[1]): Promise<Row[]> {
  const { queues, keepMs, table, before, others, after, pageRows = PAGE_ROWS } = options;
  const { at, name } = TABLES[table];
  const { rows } = await tx.query<Row>(
    `SELECT queue, change_id, job_id, source, ${name} AS name, ${at}::text AS at
       FROM walmq.${table}
      WHERE ${at} < now() - $1 * interval '1 millisecond'
        AND queue = ANY ($2)
        AND source <> ALL ($10)
        AND ($3::text IS NULL OR change_id COLLATE "C" < $3)
        AND ($4::timestamptz IS NULL OR (${at}, queue, change_id, ${name}, source) > ($4, $5, $6, $7, $9))
      ORDER BY ${at}, queue, change_id, ${name}, source
      LIMIT $8`,
    [
      keepMs,
      queues.map(({ name }) => name),
      before,
      after?.at ?? null,
      after?.queue,
      after?.change_id,
      after?.name,
      pageRows,
      after?.source,
      others,
    ],
  );
  return rows;
}

async function jobsExist(
  { redis, queues }: Pick<PruneOptions, 'redis' | 'queues'>,
  rows: readonly Row[],
): Promise<boolean[]> {
  const prefixOf = new Map(queues.map(({ name, prefix }) => [name, prefix]));
  const counts = await withinTimeout(
    Promise.all(
      rows.map(({ queue, job_id }) =>
        redis.exists(new QueueKeys(prefixOf.get(queue) as string).toKey(queue, job_id)),
      ),
    ),
  );
  return counts.map(count => count !== 0);
}

async function withinTimeout<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Redis did not answer within ${REDIS_TIMEOUT_MS} ms`)),
      REDIS_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
