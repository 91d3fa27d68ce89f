import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishedTables, shardPrefixes, type WalmqConfig } from '@walmq/config';
import { setUp } from '@walmq/setup';
import { freePort, startWatchdog } from '@walmq/supervise';
import { workerSchemaSql } from '@walmq/worker';
import type { Redis } from 'ioredis';
import type { ProcessPlan } from '../plan/round.js';
import { resolved } from '../run/config.js';
import { Fleet } from '../run/fleet.js';
import { startDashboard, startPrograms } from '../run/programs.js';
import { type Servers, startServers, withClient } from '../run/servers.js';
import { untilBacklog } from './backlog.js';
import { commitOne, LONG_SCHEMA } from './feed.js';
import { flatness, type Verdict } from './flat.js';
import { type ExplainedKeys, explainKeys } from './keys.js';
import type { Sample } from './sample.js';
import { sentenceOf } from './sentence.js';
import { startWatch } from './watch.js';

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
/** Feeding pauses while more jobs than these are unfinished. */
const MAX_BACKLOG = 5000;
/** Transactions between two looks at the backlog. */
const LOOK_EVERY = 20;
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

/**
 * Pushes so many changes through capture, workers and dashboard, and looks whether anything grows. At SIGINT it stops feeding, and
 * gives its verdict about what there is.
 */
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
  const databaseUrl = servers.databaseUrl(NAME);
  const startedAtMs = Date.now();
  let fed = 0;
  const processes = await fleet.listening();
  const watch = startWatch({ databaseUrl, redis, config, processes, print, fed: () => fed });
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  await withClient(databaseUrl, async client => {
    for (let n = 0; fed < changes && !interrupted.signal.aborted; n++) {
      if (n % LOOK_EVERY === 0) await untilBacklog(watching, MAX_BACKLOG);
      fed += await commitOne(client, n);
    }
    await untilBacklog(watching, 0, client);
  });
  const effects = await watch.stop();
  const { prefix, shards } = config.redis;
  const keys = explainKeys(await allKeys(redis), {
    prefixes: shardPrefixes({ prefix, shards }),
    queues: Object.keys(config.queues),
  });
  const verdicts = verdictsOf(watch.samples);
  return {
    changes: fed,
    seconds: Math.round((Date.now() - startedAtMs) / 1000),
    effects,
    verdicts,
    keys,
    samples: watch.samples,
    faults: [
      ...verdicts.filter(({ flat }) => !flat).map(verdict => `grows: ${sentenceOf(verdict)}`),
      ...keys.unknown.slice(0, 20).map(key => `nothing explains the key ${key}`),
      ...(effects === fed ? [] : [`${fed} changes have led to ${effects} effects`]),
    ],
  };
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
