/** pg-boss, tuned: woken by NOTIFY, 100 jobs at a time, without a pause while batches are full. */
import { Pool } from 'pg';
import type { ConsumerContext } from '../cases/bench-config.js';
import { makeAll } from '../consumers/effect-sql.js';
import { Handled, nowMs } from '../consumers/handled.js';
import { loadPeer } from './load-peer.js';
import { PG_BOSS_QUEUE } from './triggers.js';

interface Boss {
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  work(
    queue: string,
    options: object,
    handler: (jobs: readonly { data: { id: number } }[]) => Promise<void>,
  ): Promise<string>;
}
interface PgBossPackage {
  PgBoss: new (options: object) => Boss;
}

const BATCH_SIZE = 100;
const FETCHERS = 4;

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const { PgBoss } = loadPeer<PgBossPackage>('pg-boss', context.peersFolder);
const handled = new Handled();
const pool = new Pool({ connectionString: context.databaseUrl, max: FETCHERS });
const boss = new PgBoss({ connectionString: context.databaseUrl, useListenNotify: true });
boss.on('error', error => console.error(error.message));
await boss.start();
await boss.work(
  PG_BOSS_QUEUE,
  {
    batchSize: BATCH_SIZE,
    localConcurrency: FETCHERS,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
  },
  async jobs => {
    const begunMs = nowMs();
    const ids = jobs.map(({ data }) => data.id);
    if (context.work === 'once') await pool.query(makeAll(ids));
    for (const id of ids) handled.add(id, begunMs);
  },
);
process.on('SIGTERM', () => void boss.stop({ graceful: false }).finally(() => process.exit(0)));
handled.ready();
