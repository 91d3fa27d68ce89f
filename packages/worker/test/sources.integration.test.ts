import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireSources } from '../src/app/require-sources.js';
import { defineWorker } from '../src/define/define.js';
import { effectIdentity } from '../src/effects/effect.js';
import { workerSchemaSql } from '../src/effects/schema.js';
import { WorkerWorld } from './worker-fixture.js';

/** As the tables were before they knew of sources. */
const OLD_TABLES = `DROP TABLE walmq.inbox, walmq.effects;
CREATE TABLE walmq.inbox (
  queue text NOT NULL, change_id text NOT NULL, job_id text NOT NULL, result jsonb,
  done_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (queue, change_id));
CREATE TABLE walmq.effects (
  queue text NOT NULL, change_id text NOT NULL, name text NOT NULL, job_id text NOT NULL,
  state text NOT NULL DEFAULT 'intended', result jsonb, attempts integer NOT NULL DEFAULT 1,
  intended_at timestamptz NOT NULL DEFAULT now(), done_at timestamptz, PRIMARY KEY (queue, change_id, name));`;

describe('changes of two sources with one id', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** A worker that makes both kinds of effects, and the identities that the outside was told. */
  async function start(name: string, schema = '') {
    const world = await WorkerWorld.create(servers, name, {
      schema: `CREATE TABLE made (job text);${schema}`,
      queues: { orders: { table: 'orders' } },
    });
    const identities: string[] = [];
    const worker = defineWorker<{ orders: { id: number } }>({
      queue: 'orders',
      on: {
        orders: {
          insert: async (change, { once, effect, source }) => {
            await once(change, async tx => void (await tx.query('INSERT INTO made VALUES ($1)', [source])));
            await effect(change, 'mail', async ({ messageId }) => void identities.push(messageId));
          },
        },
      },
    });
    return { world, identities, worker };
  }

  it('each has its effects, once; the outside world can tell them apart', async () => {
    const { world, identities, worker } = await start('sources_two');
    await using _ = world;
    world.start(worker);
    const change = { ...world.change('insert', 'orders', { after: { id: 1 } }), tx: TX };
    for (const jobId of [`${change.id}-aaaaaa`, `${change.id}-bbbbbb`])
      expect(await world.process('orders', change, { jobId })).toMatchObject({ state: 'completed' });
    for (const jobId of [`${change.id}-aaaaaa`, `${change.id}-bbbbbb`]) {
      await world.redis.del(`sources_two:orders:${jobId}`);
      await world.process('orders', change, { jobId });
    }
    expect(await world.rows('SELECT job FROM made ORDER BY 1')).toEqual([
      { job: 'aaaaaa' },
      { job: 'bbbbbb' },
    ]);
    expect(new Set(identities).size).toBe(2);
    expect(identities).toHaveLength(2);
  });

  it('rows of an earlier version still count, for their own source; what was under way keeps its identity', async () => {
    const { world, identities, worker } = await start('sources_old', OLD_TABLES);
    await using _ = world;
    const change = { ...world.change('insert', 'orders', { after: { id: 1 } }), tx: TX };
    const begun = { ...world.change('insert', 'orders', { after: { id: 2 } }), tx: TX };
    await world.rows('INSERT INTO walmq.inbox (queue, change_id, job_id) VALUES ($1, $2, $3), ($1, $4, $5)', [
      'orders',
      change.id,
      `${change.id}-aaaaaa`,
      begun.id,
      `${begun.id}-aaaaaa`,
    ]);
    await world.rows(
      `INSERT INTO walmq.effects (queue, change_id, name, job_id, state)
         VALUES ($1, $2, 'mail', $3, 'done'), ($1, $4, 'mail', $5, 'intended')`,
      ['orders', change.id, `${change.id}-aaaaaa`, begun.id, `${begun.id}-aaaaaa`],
    );
    await expect(requireSources(world.pool)).rejects.toThrow(
      expect.objectContaining({ code: 'OWN_TABLE_OUTDATED', remedy: expect.stringContaining('walmq setup') }),
    );
    // Idempotent, as set-up may run it at any time.
    await world.pool.query(workerSchemaSql);
    await world.pool.query(workerSchemaSql);
    await requireSources(world.pool);

    world.start(worker);
    await world.process('orders', change, { jobId: `${change.id}-aaaaaa` });
    expect(await world.rows('SELECT FROM made')).toHaveLength(0);
    expect(identities).toEqual([]);
    await world.process('orders', begun, { jobId: `${begun.id}-aaaaaa` });
    expect(identities).toEqual([
      effectIdentity({ queue: 'orders', changeId: begun.id, name: 'mail' }).messageId,
    ]);
    await world.process('orders', change, { jobId: `${change.id}-bbbbbb` });
    expect(await world.rows('SELECT job FROM made')).toEqual([{ job: 'bbbbbb' }]);
    expect(identities).toHaveLength(2);
  });
});

/** Frozen, so that nobody waits for a transaction of a server that is not there. */
const TX = { xid: 3, lsn: '0/1', committedAt: '2026-01-01T00:00:00Z', seq: 1 };
