import { embeddedPostgresMajor } from '@walmq/embedded';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const QUEUES = { items: { table: 'items' } };

/** The setting comes with PostgreSQL 17. */
describe.runIf(embeddedPostgresMajor() >= 17)('synchronized_standby_slots', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it.each([
    ['standby_away', 'has no standby connected'],
    ['standby_gone', 'does not exist'],
  ])('%s: capture waits, says for which slot, and goes on by itself', async (name, state) => {
    await using world = await CaptureWorld.create(servers, name, {
      schema: 'CREATE TABLE items (id integer PRIMARY KEY)',
      queues: QUEUES,
    });
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: name }, redis: { prefix: name }, queues: QUEUES },
    };
    const slot = `${name}_physical`;
    const admin = new Client(world.databaseUrl);
    await admin.connect();
    const waitFor = async (slots: string) => {
      await admin.query(`ALTER SYSTEM SET synchronized_standby_slots = '${slots}'`);
      await admin.query('SELECT pg_reload_conf()');
    };
    try {
      await admin.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
      const capture = await CaptureProcess.start(setting);
      await capture.waitFor('stream:started');
      await world.client.query('INSERT INTO items VALUES (1)');
      await world.waitForChanges('items', 1);
      await waitFor(slot);
      if (state === 'does not exist') await admin.query('SELECT pg_drop_replication_slot($1)', [slot]);
      await expect
        .poll(async () => {
          await world.client.query('INSERT INTO items SELECT max(id) + 1 FROM items');
          return await capture.ask('ready');
        })
        .toContain(`slot \\"${slot}\\" ${state}`);
      expect(capture.output).toContain('stream:stalled');
      // A capture tells of itself once a second.
      await expect
        .poll(() => runWalmq(['status', '--json'], setting).catch(error => error.stdout as string))
        .toMatch(new RegExp(`CAPTURE_PAUSED[^}]*${slot}[^}]*${state}`));
      const doctor = await runWalmq(['doctor'], setting).catch(error => error.stdout as string);
      expect(doctor).toMatch(new RegExp(`error +standby-slots[^\\n]*${slot}[^\\n]*${state}`));

      await waitFor('');
      const { rows } = await world.client.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM items',
      );
      await world.waitForChanges('items', rows[0]?.count as number);
      await expect.poll(() => capture.ask('ready')).toContain('"ready":true');
      expect(await capture.end('SIGTERM')).toBe(0);
    } finally {
      await admin.query('ALTER SYSTEM RESET synchronized_standby_slots');
      await admin.query('SELECT pg_reload_conf()');
      await admin.end();
    }
  });
});
