import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import type { QueueName } from '../plan/round.js';
import { ACT_QUEUES, ORDERED_BY, TABLES } from '../run/config.js';
import type { RedisClient } from '../run/redis-servers.js';
import type { Discarded } from '../run/settle-failures.js';
import type { Facts, FoundAct, FoundEffect, FoundJob, FoundRow, LoggedChange } from './facts.js';

/** `<position>-<tag>`, as every job of capture is named. */
const JOB_ID = /^([0-9A-F]{16}-\d{10})-\w+$/;
const SCAN_COUNT = 5000;

/** Reads everything that the checker compares, with plain commands and statements. */
export async function gatherFacts(options: {
  readonly client: Client;
  readonly redis: RedisClient;
  /** Prefix of each queue. */
  readonly prefixes: Readonly<Record<string, string>>;
  readonly queues: readonly QueueName[];
  readonly discarded: readonly Discarded[];
  readonly backfilled: Facts['backfilled'];
}): Promise<Facts> {
  const { client, redis, prefixes, queues, discarded, backfilled } = options;
  const jobs: FoundJob[] = [];
  for (const queue of queues)
    jobs.push(
      ...(await readJobs(
        redis,
        queue,
        prefixes[queue] as string,
        discarded.filter(each => each.queue === queue),
      )),
    );
  return {
    jobs,
    log: await readLog(client),
    effects: await readEffects(client),
    acts: await readActs(client),
    rows: await readRows(client),
    tables: Object.fromEntries(queues.map(queue => [queue, TABLES[queue]])),
    orderedBy: ORDERED_BY,
    actQueues: ACT_QUEUES,
    backfilled,
  };
}

async function readJobs(
  { redis, each }: RedisClient,
  queue: string,
  prefix: string,
  discarded: readonly Discarded[],
): Promise<FoundJob[]> {
  const head = `${prefix}:${queue}:`;
  const ids = (await each(node => idsOf(node, head))).flat();
  const completed = new Set(await redis.zrange(`${head}completed`, '0', '-1'));
  const added = await readAdded(redis, `${head}events`);
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(`${head}${id}`, 'data');
  const data = ((await pipeline.exec()) ?? []).map(([, value]) => value as string);
  const jobOf = (jobId: string, text: string, state: FoundJob['state']): FoundJob => ({
    queue,
    jobId,
    changeId: JOB_ID.exec(jobId)?.[1] as string,
    data: text,
    state,
    added: added.get(jobId) ?? 0,
  });
  const known = new Set(ids);
  return [
    ...ids.map((id, at) => jobOf(id, data[at] as string, completed.has(id) ? 'completed' : 'other')),
    ...discarded.filter(({ id }) => !known.has(id)).map(({ id, data: text }) => jobOf(id, text, 'discarded')),
  ];
}

async function idsOf(redis: Redis, head: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${head}*`, 'COUNT', SCAN_COUNT);
    cursor = next;
    for (const key of keys) {
      const id = key.slice(head.length);
      if (JOB_ID.test(id)) ids.push(id);
    }
  } while (cursor !== '0');
  return ids;
}

/** How often each job was added, as far back as BullMQ keeps its stream of events. */
async function readAdded(redis: Redis, key: string): Promise<Map<string, number>> {
  const added = new Map<string, number>();
  for (const [, fields] of await redis.xrange(key, '-', '+')) {
    if (fields[1] !== 'added') continue;
    const id = fields[3] as string;
    added.set(id, (added.get(id) ?? 0) + 1);
  }
  return added;
}

async function readLog(client: Client): Promise<LoggedChange[]> {
  const { rows } = await client.query(
    `SELECT n::text, xid::text, name, op, coalesce(key::text, '') AS key, token::text, old, new FROM soak.log ORDER BY n`,
  );
  return rows.map(row => ({ ...row, n: BigInt(row.n), xid: BigInt(row.xid), key: compact(row.key) }));
}

/** PostgreSQL writes `[1, 2]`. */
function compact(json: string): string {
  return json === '' ? '' : JSON.stringify(JSON.parse(json));
}

async function readEffects(client: Client): Promise<FoundEffect[]> {
  const { rows } = await client.query('SELECT n::text, queue, change_id FROM soak.effects ORDER BY n');
  return rows.map(({ n, queue, change_id }) => ({ n: BigInt(n), queue, changeId: change_id }));
}

async function readActs(client: Client): Promise<FoundAct[]> {
  const { rows } = await client.query(
    'SELECT n::text, queue, change_id, idempotency_key FROM soak.acts ORDER BY n',
  );
  return rows.map(({ n, queue, change_id, idempotency_key }) => ({
    n: BigInt(n),
    queue,
    changeId: change_id,
    idempotencyKey: idempotency_key,
  }));
}

async function readRows(client: Client): Promise<FoundRow[]> {
  const { rows } = await client.query(
    `SELECT 'accounts' AS name, jsonb_build_array(id)::text AS key, token::text FROM accounts
     UNION ALL SELECT 'lines', jsonb_build_array(account, line)::text, token::text FROM lines
     UNION ALL SELECT 'docs', jsonb_build_array(id)::text, token::text FROM docs`,
  );
  return rows.map(row => ({ ...row, key: compact(row.key) }));
}
