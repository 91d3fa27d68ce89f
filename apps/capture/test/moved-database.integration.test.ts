import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const SCHEMA = 'CREATE TABLE items (id integer PRIMARY KEY)';
const QUEUES = { items: { table: 'items' } };

describe('a database that has moved', () => {
  let servers: Servers;
  let other: EmbeddedPostgres;
  beforeAll(async () => {
    [servers, other] = await Promise.all([startServers(), startPostgres()]);
  });
  afterAll(() => Promise.all([stopServers(servers), other.stop()]));

  it('renamed: goes on from its checkpoint', async () => {
    await using world = await CaptureWorld.create(servers, 'before_rename', {
      schema: SCHEMA,
      queues: QUEUES,
    });
    const first = world.capture();
    await world.client.query('INSERT INTO items VALUES (1)');
    await world.waitForChanges('items', 1);
    await world.waitUntilAcknowledged();
    await first.stop();
    await world.client.end();
    const admin = new Client(servers.postgres.url);
    await admin.connect();
    await admin.query('ALTER DATABASE before_rename RENAME TO after_rename').finally(() => admin.end());
    const renamed = { ...settingOf(world), databaseUrl: world.databaseUrl.replace('before_', 'after_') };
    expect(await runWalmq(['doctor', '--json'], renamed).catch(error => error.stdout)).not.toContain(
      'lost acknowledged changes',
    );
    const capture = await CaptureProcess.start(renamed);
    await capture.waitFor('stream:started');
    expect(capture.output).toContain('checkpoint:renamed');
    await world.reconnect(renamed.databaseUrl);
    await world.client.query('INSERT INTO items VALUES (2)');
    await world.waitForChanges('items', 2);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('dumped and restored into another server: begins there, whatever walmq.capture says of the old one', async () => {
    await using old = await CaptureWorld.create(servers, 'dumped', { schema: SCHEMA, queues: QUEUES });
    const capture = old.capture();
    await old.client.query('INSERT INTO items VALUES (1)');
    await old.waitForChanges('items', 1);
    await capture.stop();
    const { rows } = await old.client.query<{ row: string }>(
      'SELECT to_json(c)::text AS row FROM walmq.capture c',
    );
    await using world = await restored('dumped', rows[0]?.row as string);
    const begun = await CaptureProcess.start({ ...settingOf(world), databaseUrl: world.databaseUrl });
    await begun.waitFor('stream:started');
    expect(begun.output).toContain('capture:from-dump');
    await world.client.query('INSERT INTO items VALUES (2)');
    // Both databases feed one queue of one prefix here; the old one's change is there already.
    await world.waitForChanges('items', 2);
    expect(await begun.end('SIGTERM')).toBe(0);
  });

  it('... with a row of a version that did not name the server: says so, and accept-loss goes on', async () => {
    await using world = await restored('dumped_old', '{"slot": "dumped_old", "first_lsn": "0/10"}');
    const setting = settingOf(world);
    const refused = await CaptureProcess.start(setting);
    expect(await refused.exitCode()).toBe(1);
    expect(refused.output).toMatch(/REDIS_LOST_CHANGES.*walmq accept-loss.*came with the dump/);
    await runWalmq(['accept-loss', '--yes'], setting);
    const capture = await CaptureProcess.start(setting);
    await capture.waitFor('stream:started');
    await world.client.query('INSERT INTO items VALUES (2)');
    await world.waitForChanges('items', 1);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  const settingOf = ({ config, databaseUrl }: CaptureWorld) => ({
    databaseUrl,
    redisUrl: servers.redis.url,
    config: { source: { slot: config.source.slot }, redis: { prefix: config.redis.prefix }, queues: QUEUES },
  });

  /** A database on the other server with the row of walmq.capture that a dump brought. */
  async function restored(name: string, row: string): Promise<CaptureWorld> {
    const world = await CaptureWorld.create({ postgres: other, redis: servers.redis }, name, {
      schema: SCHEMA,
      queues: QUEUES,
    });
    await world.client.query(
      `INSERT INTO walmq.capture (slot, first_lsn, system_identifier, database)
         SELECT slot, first_lsn, system_identifier, database FROM json_populate_record(NULL::walmq.capture, $1)`,
      [row],
    );
    return world;
  }
});
