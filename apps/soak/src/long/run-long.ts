import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { publishedTables, shardPrefixes, type WalmqConfig } from '@walmq/config';
import { setUp } from '@walmq/setup';
import { freePort, startWatchdog } from '@walmq/supervise';
import { pruneInbox, workerSchemaSql } from '@walmq/worker';
import type { Redis } from 'ioredis';
import { type Client, Pool } from 'pg';
import type { ProcessPlan } from '../plan/round.js';
import { resolved } from '../run/config.js';
import { Fleet } from '../run/fleet.js';
import { startDashboard, startPrograms } from '../run/programs.js';
import { type Servers, startServers, withClient } from '../run/servers.js';
import { SoakError } from '../soak-error.js';
import { commitOne, LONG_SCHEMA } from './feed.js';
import { flatness, type Verdict } from './flat.js';
import { type ExplainedKeys, explainKeys } from './keys.js';
import { type Sample, type Sampled, takeSample } from './sample.js';
import { sentenceOf } from './sentence.js';

export interface LongResult {
  readonly changes: number;
  readonly seconds: number;
  /** Effects that handlers have made. */
  readonly effects: number;
  readonly verdicts: readonly Verdict[];
  readonly keys: ExplainedKeys;
  readonly samples: readonly Sample[];
  /** Empty: no leak was found. */
  readonly faults: readonly string[];
}

const NAME = 'soak_long';
const SAMPLE_MS = 2000;
/** Feeding pauses while more jobs than these are unfinished. */
const MAX_BACKLOG = 5000;
/** Transactions between two looks at the backlog. */
const LOOK_EVERY = 20;
const DRAIN_MS = 600_000;
/** In place of the hours for which a worker process keeps rows: a day's work passes in minutes here. */
const KEEP_MS = 10_000;
const MIB = 1024 * 1024;

const PROCESSES: readonly ProcessPlan[] = [
  {
    workers: [
      { queue: 'singles', batch: undefined },
      { queue: 'docs', batch: undefined },
    ],
  },
  { workers: [{ queue: 'pairs', batch: 100 }] },
];
const NO_FAILURES = { retry: 0, late: 0, postpone: 0, final: 0, discard: 0 };
const CONFIG = {
  source: { slot: NAME, publication: NAME },
  redis: { prefix: NAME, shards: 2 },
  queues: {
    singles: { table: 'accounts', concurrency: 20 },
    pairs: { table: 'lines', concurrency: 200 },
    docs: { table: 'docs', concurrency: 20 },
  },
} as const;

/** Pushes so many changes through capture, workers and dashboard, and looks whether anything grows. */
export async function runLong({
  changes,
  print,
}: {
  readonly changes: number;
  readonly print: (line: string) => void;
}): Promise<LongResult> {
  const folder = join(tmpdir(), `walmq-soak-long-${process.pid}`);
  await mkdir(folder, { recursive: true });
  const watchdog = await startWatchdog({ endSignal: 'KILL' });
  const servers = await startServers({ postgres: 'single', redis: 'single', disk: 'plain' });
  const fleet = new Fleet(folder, watchdog);
  const { redis, disconnect } = servers.redis.connect();
  try {
    const config = resolved(CONFIG, folder);
    await writeFile(join(folder, 'walmq.config.mjs'), `export default ${JSON.stringify(CONFIG)};\n`);
    await makeDatabase(servers, config);
    const ports = await Promise.all(Array.from({ length: PROCESSES.length + 2 }, freePort));
    const place = {
      folder,
      fleet,
      environment: () => ({
        DATABASE_URL: servers.databaseUrl(NAME),
        REDIS_URL: servers.redisUrl(),
        WALMQ_CONFIG: join(folder, 'walmq.config.mjs'),
        // A line for each change would fill the disk. At this level the log does not name the port either.
        LOG_LEVEL: 'warn',
        WALMQ_PORT: String(ports.pop()),
        WALMQ_DASHBOARD_DISCARDED: join(folder, 'discarded'),
      }),
    };
    await startPrograms(place, { seed: 1, captures: 1, processes: PROCESSES, failures: NO_FAILURES });
    startDashboard(place);
    const result = await feedAndWatch({ changes, print, servers, config, fleet, redis });
    await fleet.stop();
    return result;
  } finally {
    await fleet.killAll();
    disconnect();
    await servers.stop();
    await watchdog.finish();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeDatabase(servers: Servers, config: WalmqConfig): Promise<void> {
  await withClient(servers.databaseUrl('postgres'), async client => {
    await client.query(`CREATE DATABASE ${NAME}`);
    // Vacuum as often as a day's work asks for.
    await client.query("ALTER SYSTEM SET autovacuum_naptime = '5s'");
    await client.query('SELECT pg_reload_conf()');
  });
  await withClient(servers.databaseUrl(NAME), async client => {
    await client.query(LONG_SCHEMA);
    await setUp(client, {
      ...config.source,
      tables: publishedTables(config),
      schemas: [{ what: 'the tables of the worker kit', sql: workerSchemaSql, captured: false }],
    });
  });
}

interface Watching {
  readonly changes: number;
  readonly print: (line: string) => void;
  readonly servers: Servers;
  readonly config: WalmqConfig;
  readonly fleet: Fleet;
  readonly redis: Redis;
}

async function feedAndWatch(watching: Watching): Promise<LongResult> {
  const { changes, print, servers, config, fleet, redis } = watching;
  const url = servers.databaseUrl(NAME);
  const pool = new Pool({ connectionString: url, max: 3 });
  const stopping = new AbortController();
  const startedAtMs = Date.now();
  const samples: Sample[] = [];
  let fed = 0;
  let effects = 0;
  const queues = Object.values(config.queues);
  const watch = async (client: Client, processes: readonly Sampled[]) => {
    for (let nextMs = Date.now(); !stopping.signal.aborted; nextMs += SAMPLE_MS) {
      await delay(Math.max(0, nextMs - Date.now()));
      samples.push(await takeSample({ processes, redis, client, changes: fed }));
      effects += await takeEffects(client);
      await pruneInbox({ pool, redis, queues, slot: NAME, keepMs: KEEP_MS, signal: stopping.signal });
      await look(processes);
      if (samples.length % 30 === 0) print(`${fed} of ${changes} changes, ${effects} effects`);
    }
  };
  try {
    const processes = await fleet.listening();
    await withClient(url, async client => {
      const watched = withClient(url, other => watch(other, processes));
      // Its error ends the feeding too.
      watched.catch(() => stopping.abort());
      for (let n = 0; fed < changes && !stopping.signal.aborted; n++) {
        if (n % LOOK_EVERY === 0) await untilBacklog(watching, MAX_BACKLOG);
        fed += await commitOne(client, n);
      }
      await untilBacklog(watching, 0, client);
      stopping.abort();
      await watched;
      effects += await takeEffects(client);
    });
    const { prefix, shards } = config.redis;
    const keys = explainKeys(await allKeys(redis), {
      prefixes: shardPrefixes({ prefix, shards }),
      queues: queues.map(({ name }) => name),
    });
    const verdicts = verdictsOf(samples);
    return {
      changes: fed,
      seconds: Math.round((Date.now() - startedAtMs) / 1000),
      effects,
      verdicts,
      keys,
      samples,
      faults: [
        ...verdicts.filter(({ flat }) => !flat).map(verdict => `grows: ${sentenceOf(verdict)}`),
        ...keys.unknown.slice(0, 20).map(key => `nothing explains the key ${key}`),
        ...(effects === fed ? [] : [`${fed} changes have led to ${effects} effects`]),
      ],
    };
  } finally {
    stopping.abort();
    await pool.end();
  }
}

/** The dashboard works only while somebody looks at it. */
async function look(processes: readonly Sampled[]): Promise<void> {
  const url = processes.find(({ name }) => name === 'dashboard')?.url;
  for (const path of ['/', '/queues/api/queues?activeQueue=singles&page=1&jobsPerPage=10']) {
    const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    if (!response.ok)
      throw new SoakError('SOAK_STUCK', `the dashboard answers ${path} with ${response.status}.`);
  }
}

/** Counts the effects and removes their rows, so that the handlers' own table does not grow. */
async function takeEffects(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `WITH effects AS (DELETE FROM soak.effects RETURNING 1), acts AS (DELETE FROM soak.acts RETURNING 1)
     SELECT ((SELECT count(*) FROM effects) + (SELECT count(*) FROM acts))::text AS count`,
  );
  return Number(rows[0]?.count);
}

/** Waits until at most so many jobs are unfinished; for none, also until capture has enqueued everything. */
async function untilBacklog(
  { config, redis, fleet }: Watching,
  most: number,
  client?: Client,
): Promise<void> {
  const deadline = Date.now() + DRAIN_MS;
  const end =
    client &&
    (await client.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn')).rows[0]?.lsn;
  for (;;) {
    fleet.assertAlive();
    const isRead = end === undefined || (await isAcknowledged(client as Client, end));
    const open = await unfinished(redis, config);
    if (isRead && open <= most) return;
    if (Date.now() > deadline) throw new SoakError('SOAK_STUCK', `${open} jobs are unfinished.`);
    await delay(20);
  }
}

async function isAcknowledged(client: Client, end: string): Promise<boolean> {
  const { rows } = await client.query<{ reached: boolean }>(
    'SELECT confirmed_flush_lsn >= $2::pg_lsn AS reached FROM pg_replication_slots WHERE slot_name = $1',
    [NAME, end],
  );
  return rows[0]?.reached === true;
}

async function unfinished(redis: Redis, config: WalmqConfig): Promise<number> {
  const counts = await Promise.all(
    Object.values(config.queues).flatMap(({ prefix, name }) => [
      redis.llen(`${prefix}:${name}:wait`),
      redis.llen(`${prefix}:${name}:active`),
      redis.zcard(`${prefix}:${name}:delayed`),
      redis.zcard(`${prefix}:${name}:waiting-children`),
      redis.zcard(`${prefix}:${name}:failed`),
    ]),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function allKeys(redis: Redis): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const [next, page] = await redis.scan(cursor, 'COUNT', 5000);
    cursor = next;
    keys.push(...page);
  } while (cursor !== '0');
  return keys;
}

/** V8 collects late where nothing presses it, and a process that starts with little load grows into it: so a quarter is warm-up. */
function verdictsOf(samples: readonly Sample[]): Verdict[] {
  const names = Object.keys(samples.at(-1)?.values ?? {});
  return names.map(name => {
    const values = samples.map(sample => sample.values[name] ?? 0);
    const least = name.endsWith('keys') ? 500 : (name.endsWith('rss') ? 24 : 16) * MIB;
    return flatness(name, values, { warmUp: 0.25, share: 0.15, least });
  });
}
