import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { type Servers, startNetwork, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY)';
const QUEUES = { items: { table: 'items' } };
/** Short, so that the tests are; what is told apart does not hang on it. */
const deadlineMs = 400;

describe("capture's connections to PostgreSQL that look alive and are not", () => {
  let servers: Servers;
  let other: EmbeddedPostgres;
  beforeAll(async () => {
    [servers, other] = await Promise.all([startServers(), startPostgres()]);
  });
  afterAll(() => Promise.all([stopServers(servers), other.stop()]));

  const createWorld = (name: string) =>
    CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES, deadlineMs });

  it.each(['replies', 'requests'] as const)(
    'half open (%s): the session ends, and the next one has lost nothing',
    async lost => {
      await using world = await createWorld(`half_open_${lost}`);
      await using network = await startNetwork(servers.postgres.port);
      const url = network.url(world.databaseUrl);
      const capture = world.capture({}, url);
      await world.client.query('INSERT INTO items VALUES (1)');
      await world.waitForChanges('items', 1);
      network.lose(lost);
      await world.client.query('INSERT INTO items VALUES (2)');
      await expect(capture.ended).rejects.toMatchObject({
        code: expect.stringMatching(/^(REPLICATION_LOST|DATABASE_UNREACHABLE)$/),
      });
      // The server does not hear that the connection is gone, and yet the slot is free.
      await expect
        .poll(async () => {
          const { rows } = await world.client.query(
            'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
            [world.config.source.slot],
          );
          return rows;
        })
        .toEqual([{ active: false }]);
      const again = world.capture({}, url);
      await world.waitForChanges('items', 2);
      await again.stop();
    },
  );

  it('to a server that the name no longer leads to: the session ends', async () => {
    await using world = await createWorld('half_open_moved');
    await using network = await startNetwork(servers.postgres.port);
    const capture = world.capture({}, network.url(world.databaseUrl));
    await world.client.query('INSERT INTO items VALUES (1)');
    await world.waitForChanges('items', 1);
    const client = new Client(other.url);
    await client.connect();
    const { password } = new URL(world.databaseUrl);
    await client.query(`ALTER ROLE postgres PASSWORD '${password}'`);
    await client.query('CREATE DATABASE half_open_moved');
    await client.end();
    network.redirect(other.port);
    await expect(capture.ended).rejects.toMatchObject({
      code: 'REPLICATION_LOST',
      message: expect.stringContaining('another one by now'),
    });
  });

  it('quiet for long, and well: nothing ends', async () => {
    await using world = await createWorld('half_open_quiet');
    let ticks = 0;
    const capture = world.capture({ progress: () => (ticks += 1) });
    await world.client.query('INSERT INTO items VALUES (1)');
    await world.waitForChanges('items', 1);
    const seen = ticks;
    await expect.poll(() => ticks).toBeGreaterThan(seen + 4);
    await world.client.query('INSERT INTO items VALUES (2)');
    await world.waitForChanges('items', 2);
    await capture.stop();
  });
});
