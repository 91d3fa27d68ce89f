import { createClient } from '@clickhouse/client';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { failingAfterFirstTry, WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClickhouseSink } from '../src/analytics/clickhouse-sink.js';
import type { Projection } from '../src/analytics/fact.js';
import { mirror } from '../src/analytics/mirror.js';
import { createPostgresSink } from '../src/analytics/postgres-sink.js';
import type { AnalyticsSink } from '../src/analytics/sink.js';
import { analyticsSinkWorker } from '../src/analytics/worker.js';
import { ClickhouseStandIn } from './clickhouse-stand-in-fixture.js';

interface Order {
  id: number;
  status: string;
  total: string;
  placed: string;
  tags: string[];
}

const NEW: Order = {
  id: 1,
  status: 'new',
  total: '99.90',
  placed: '2026-03-01T12:00:00.000001Z',
  tags: ['a b', 'c"'],
};
const PAID: Order = { ...NEW, status: 'paid' };
const project = mirror({ into: 'order_facts', key: ['id'], columns: ['status', 'total', 'placed', 'tags'] });

interface Target {
  readonly sink: AnalyticsSink;
  /** The facts as a reader sees them. */
  facts(): Promise<unknown[]>;
}

describe('analytics sinks', () => {
  let servers: Servers;
  const standIn = new ClickhouseStandIn();
  let clickhouseUrl: string;
  beforeAll(async () => {
    servers = await startServers();
    const standInUrl = await standIn.start();
    clickhouseUrl = process.env.CLICKHOUSE_TEST_URL ?? standInUrl;
  });
  afterAll(async () => {
    await Promise.all([stopServers(servers), standIn.stop()]);
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, {
      queues: { facts: { table: 'orders' } },
      schema: `CREATE TABLE order_facts (id int PRIMARY KEY, status text NOT NULL DEFAULT '', total numeric(12,2),
        placed timestamptz, tags text[], walmq_position text NOT NULL, walmq_deleted boolean NOT NULL);`,
    });

  const targets = {
    async postgres({ pool }: WorkerWorld): Promise<Target> {
      return {
        sink: createPostgresSink({ pool }),
        facts: async () =>
          (
            await pool.query(
              `SELECT id, status, total::text AS total, tags FROM order_facts WHERE NOT walmq_deleted ORDER BY id`,
            )
          ).rows,
      };
    },
    async clickhouse(): Promise<Target> {
      const client = createClient({ url: clickhouseUrl });
      await client.command({ query: 'DROP TABLE IF EXISTS order_facts' });
      await client.command({
        query: `CREATE TABLE order_facts (id Int64, status String, total Decimal(12,2), placed DateTime64(6,'UTC'), tags Array(String), walmq_position UInt128, walmq_deleted UInt8) ENGINE = ReplacingMergeTree(walmq_position, walmq_deleted) ORDER BY id`,
      });
      return {
        sink: await createClickhouseSink({ url: clickhouseUrl }),
        async facts() {
          const query = 'SELECT id, status, total, tags FROM order_facts FINAL ORDER BY id';
          const rows = await (await client.query({ query, format: 'JSONEachRow' })).json<{
            id: unknown;
            total: unknown;
          }>();
          return rows.map(row => ({ ...row, id: Number(row.id), total: Number(row.total).toFixed(2) }));
        },
      };
    },
  };
  const fact = ({ id, status, total, tags }: Order) => ({ id, status, total, tags });

  describe.each(['postgres', 'clickhouse'] as const)('%s', name => {
    it('holds what the rows are now, each change once for every try and delivery', async () => {
      await using world = await create(`${name}_facts`);
      const { sink, facts } = await targets[name](world);
      world.start(failingAfterFirstTry(analyticsSinkWorker({ queue: 'facts', project, sink })));
      const [first, second] = [NEW, { ...NEW, id: 2 }].map(after =>
        world.change('insert', 'orders', { after }),
      );
      const paid = world.change('update', 'orders', { before: NEW, after: PAID });
      for (const change of [first!, second!, paid])
        expect(await world.process('facts', change)).toEqual({
          state: 'completed',
          tries: 2,
          result: { action: 'facts_written', facts: 1 },
        });
      expect(await facts()).toEqual([fact(PAID), fact({ ...NEW, id: 2 })]);
      // An old change that comes again does not undo a newer one.
      await world.process('facts', first!, { jobId: 'late' });
      expect(await facts()).toEqual([fact(PAID), fact({ ...NEW, id: 2 })]);
      await world.process('facts', world.change('delete', 'orders', { before: PAID }));
      await world.process('facts', paid, { jobId: 'later' });
      expect(await facts()).toEqual([fact({ ...NEW, id: 2 })]);
      await world.process('facts', world.change('insert', 'orders', { after: { ...NEW, status: 'back' } }));
      expect(await facts()).toEqual([fact({ ...NEW, status: 'back' }), fact({ ...NEW, id: 2 })]);
      await sink.close();
    });

    it('holds the last fact of every row where a batch has several of one', async () => {
      await using world = await create(`${name}_batch`);
      const { sink, facts } = await targets[name](world);
      const changes = Array.from({ length: 60 }, (_, n) => {
        const row = { ...NEW, id: 1 + (n % 6), status: `v${n}` };
        return n % 10 === 9
          ? world.change('delete', 'orders', { before: row })
          : world.change('insert', 'orders', { after: row });
      });
      const jobs = await Promise.all(changes.toReversed().map(change => world.add('facts', change)));
      world.start(analyticsSinkWorker({ queue: 'facts', project, sink }));
      for (const job of jobs) expect(await world.ending('facts', job)).toMatchObject({ state: 'completed' });
      // The last of all, the 60th, is a delete.
      expect(
        ((await facts()) as { id: unknown; status: unknown }[]).map(({ id, status }) => [id, status]),
      ).toEqual([1, 2, 3, 4, 5].map(id => [id, `v${53 + id}`]));
      await sink.close();
    });

    it('takes the death of a thing it never knew', async () => {
      await using world = await create(`${name}_unknown`);
      const { sink, facts } = await targets[name](world);
      world.start(analyticsSinkWorker({ queue: 'facts', project, sink }));
      const insert = world.change('insert', 'orders', { after: NEW });
      expect(await world.process('facts', world.change('delete', 'orders', { before: NEW }))).toMatchObject({
        state: 'completed',
      });
      await world.process('facts', insert);
      expect(await facts()).toEqual([]);
      await sink.close();
    });

    it.each([
      ['table', mirror({ into: 'no_such_facts', key: ['id'], columns: ['status'] })],
      ['column', mirror({ into: 'order_facts', key: ['id'], columns: ['email'] })],
    ])('gives up on a %s that does not exist, without the row', async (missing, own) => {
      await using world = await create(`${name}_no_${missing}`);
      const { sink } = await targets[name](world);
      world.start(analyticsSinkWorker({ queue: 'facts', project: own, sink }));
      const after = { ...NEW, email: 'a@example.com' };
      const ending = await world.process('facts', world.change('insert', 'orders', { after }));
      expect(ending).toMatchObject({ state: 'failed', tries: 1 });
      expect(JSON.stringify([ending, world.logged])).not.toContain('example.com');
      await sink.close();
    });
  });

  it('writes nothing for a change that means nothing, and fails with a projection that fails', async () => {
    await using world = await create('meaningless');
    const { sink, facts } = await targets.postgres(world);
    const picky: Projection = change => {
      if (change.op === 'delete') throw new Error('a row: a@example.com');
      return change.op === 'update' ? [] : undefined;
    };
    world.start(analyticsSinkWorker({ queue: 'facts', project: picky, sink }));
    for (const change of [
      world.change('insert', 'orders', { after: NEW }),
      world.change('update', 'orders', { before: NEW, after: PAID }),
    ])
      expect(await world.process('facts', change)).toMatchObject({ result: { action: 'none' } });
    const ending = await world.process('facts', world.change('delete', 'orders', { before: NEW }));
    expect(ending).toMatchObject({ state: 'failed', tries: 1 });
    expect(JSON.stringify([ending, world.logged])).not.toContain('example.com');
    expect(await facts()).toEqual([]);
  });

  it('writes the facts of one change together or not at all', async () => {
    await using world = await create('together');
    const { sink, facts } = await targets.postgres(world);
    const both: Projection = change => {
      const order = project(change);
      return order && 'table' in order ? [order, { ...order, table: 'no_such_facts' }] : undefined;
    };
    world.start(analyticsSinkWorker({ queue: 'facts', project: both, sink }));
    expect(await world.process('facts', world.change('insert', 'orders', { after: NEW }))).toMatchObject({
      state: 'failed',
    });
    expect(await facts()).toEqual([]);
  });
});
