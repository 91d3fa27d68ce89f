import { execFileSync } from 'node:child_process';
import { outbox, outboxSchemaSql, publish, type QueryClient, withContext } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from '../../apps/capture/test/capture-fixture.js';
import { installLibraries } from './install-fixture.js';

interface Library {
  transaction(
    act: (client: QueryClient, writeOrder: (id: number) => PromiseLike<unknown>) => Promise<void>,
  ): Promise<void>;
  /** Clients that belong to no transaction, by what they are. */
  readonly outside: Readonly<Record<string, () => QueryClient>>;
  close(): Promise<void>;
}

const NAMES = [
  'pg',
  'Drizzle',
  'Kysely',
  'Knex',
  'TypeORM',
  'MikroORM',
  'Sequelize',
  'postgres.js',
  'Prisma',
];

describe('the transaction of', () => {
  let servers: Servers;
  let world: CaptureWorld;
  let libraries: Readonly<Record<string, (url: string) => Promise<Library>>>;
  beforeAll(async () => {
    installLibraries();
    // Without the download of an engine: the client of Prisma 7 runs without one.
    execFileSync('npx', ['prisma', 'generate'], {
      cwd: import.meta.dirname,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' },
      stdio: 'pipe',
    });
    servers = await startServers();
    world = await CaptureWorld.create(servers, 'orms', {
      schema: `CREATE TABLE orders (id integer PRIMARY KEY);
               ${outboxSchemaSql({ schema: 'public', table: 'outbox' })}`,
      queues: {
        orders: { table: 'orders' },
        mails: { messages: true },
        payments: { outbox: 'payment' },
      },
    });
    ({ libraries } = (await import('./libraries.mjs' as string)) as { libraries: typeof libraries });
    expect(Object.keys(libraries)).toEqual(NAMES);
  }, 300_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  it('fits walmq in its types too, and a pool does not', () => {
    execFileSync('npx', ['tsc', '-p', import.meta.dirname], { stdio: 'pipe' });
  });

  it.each(NAMES.map((name, index) => [name, index] as const))(
    '%s carries context, messages and outbox rows; a rollback takes them back',
    async (name, index) => {
      const library = await (libraries[name] as (url: string) => Promise<Library>)(world.databaseUrl);
      const capture = world.capture();
      try {
        const send = async (client: QueryClient, n: number) => {
          await withContext(client, { actor: name, reason: 'what? $1 and `$2`' });
          await publish(client, 'mails', { type: 'order.paid', key: n, payload: { n, text: "it's 1 ? $1" } });
          const event = { aggregateType: 'payment', aggregateId: n, type: 'payment.made' };
          await outbox(client).publish({
            ...event,
            payload: { n, kept: true },
            headers: { list: [1, 'two'] },
          });
          await outbox(client, { keepRows: false }).publish({ ...event, payload: [n, { kept: false }] });
        };
        await expect(
          library.transaction(async (client, writeOrder) => {
            await writeOrder(-1);
            await send(client, -1);
            throw new Error('rolled back');
          }),
        ).rejects.toThrow('rolled back');
        await library.transaction(async (client, writeOrder) => {
          await send(client, index);
          await writeOrder(index);
        });
        for (const [what, open] of Object.entries(library.outside))
          await expect(
            (async () => {
              const client = open();
              await publish(client, 'mails', { type: 'order.paid', payload: null });
            })(),
            what,
          ).rejects.toMatchObject({ code: 'TRANSACTION_REQUIRED' });

        const context = { actor: name, reason: 'what? $1 and `$2`' };
        const [orders, mails, payments] = await Promise.all([
          world.waitForChanges('orders', index + 1),
          world.waitForChanges('mails', index + 1),
          world.waitForChanges('payments', 2 * (index + 1)),
        ]);
        expect(orders.at(-1)).toMatchObject({ op: 'insert', after: { id: index }, context });
        expect(mails.at(-1)).toMatchObject({
          after: { payload: { n: index, text: "it's 1 ? $1" } },
          context,
        });
        expect(payments.slice(-2)).toMatchObject([
          { after: { payload: { n: index, kept: true }, headers: { list: [1, 'two'] } }, context },
          { after: { payload: [index, { kept: false }], headers: null }, context },
        ]);
        const { rows } = await world.client.query('SELECT payload FROM outbox ORDER BY id');
        expect(rows).toHaveLength(index + 1);
      } finally {
        await capture.stop();
        await library.close();
      }
    },
  );
});
