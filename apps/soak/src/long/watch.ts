import { setTimeout as delay } from 'node:timers/promises';
import type { WalmqConfig } from '@walmq/config';
import { pruneInbox } from '@walmq/worker';
import type { Redis } from 'ioredis';
import { Client, Pool } from 'pg';
import { type Sample, type Sampled, takeSample } from './sample.js';

export interface WatchOptions {
  readonly databaseUrl: string;
  readonly redis: Redis;
  readonly config: WalmqConfig;
  readonly processes: readonly Sampled[];
  /** Number of changes that are committed by now. */
  readonly fed: () => number;
  readonly print: (line: string) => void;
}

export interface Watch {
  readonly samples: readonly Sample[];
  /** Takes the last effects and resolves to the number of all. */
  stop(): Promise<number>;
}

const SAMPLE_MS = 2000;
const SAMPLES_PER_LINE = 30;
/** In place of the hours for which a worker process keeps rows: a day's work passes in minutes here. */
const KEEP_MS = 10_000;

/** Takes samples, prunes walmq's own tables, and uses the dashboard, until it is stopped. */
export function startWatch({ databaseUrl, redis, config, processes, fed, print }: WatchOptions): Watch {
  const pool = new Pool({ connectionString: databaseUrl, max: 3 });
  pool.on('error', () => undefined);
  const client = new Client(databaseUrl);
  const stopping = new AbortController();
  const { signal } = stopping;
  const samples: Sample[] = [];
  let effects = 0;
  const queues = Object.values(config.queues);
  const done = run();
  done.catch(() => undefined);

  async function run(): Promise<void> {
    await client.connect();
    while (!signal.aborted) {
      await attempt(
        async () => void samples.push(await takeSample({ processes, redis, client, changes: fed() })),
      );
      effects += await takeEffects(client);
      await attempt(() =>
        pruneInbox({ pool, redis, queues, slot: config.source.slot, keepMs: KEEP_MS, signal }),
      );
      await attempt(() => look(processes));
      if (samples.length % SAMPLES_PER_LINE === 0) print(`${fed()} changes, ${effects} effects`);
      await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** On a machine with other work a time-out proves nothing: the next look makes up for it. */
  async function attempt(act: () => Promise<unknown>): Promise<void> {
    await act().catch((error: Error) => print(`not looked: ${error.message}`));
  }

  return {
    samples,
    async stop() {
      stopping.abort();
      await done;
      effects += await takeEffects(client);
      await client.end();
      await pool.end();
      return effects;
    },
  };
}

/** The dashboard works only while somebody looks at it. */
async function look(processes: readonly Sampled[]): Promise<void> {
  const url = processes.find(({ name }) => name === 'dashboard')?.url;
  for (const path of ['/', '/queues/api/queues?activeQueue=singles&page=1&jobsPerPage=10']) {
    const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(20_000) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the dashboard answers ${path} with ${response.status}`);
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
