import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const QUEUES = { items: { table: 'items' } };

describe('a slot of our name that is not ours', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it.each([
    ['physical', "pg_create_physical_replication_slot('foreign_physical', true)", 'a physical slot'],
    ['plugin', "pg_create_logical_replication_slot('foreign_plugin', 'test_decoding')", 'test_decoding'],
    ['database', "pg_create_logical_replication_slot('foreign_database', 'pgoutput')", ''],
  ])('%s: every command says so, none takes it for lost, none touches it', async (kind, making, named) => {
    const slot = `foreign_${kind}`;
    await using world = await CaptureWorld.create(servers, slot, {
      schema: 'CREATE TABLE items (id integer PRIMARY KEY)',
      queues: QUEUES,
    });
    await world.client.query('SELECT pg_drop_replication_slot($1)', [slot]);
    if (kind === 'database') {
      await using elsewhere = await CaptureWorld.create(servers, `${slot}_other`, {
        schema: 'CREATE TABLE items (id integer PRIMARY KEY)',
        queues: QUEUES,
      });
      await elsewhere.client.query(`SELECT ${making}`);
    } else {
      await world.client.query(`SELECT ${making}`);
    }
    const expected = named || `"${slot}_other"`;
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot }, redis: { prefix: slot }, queues: QUEUES },
    };
    const failing = (args: readonly string[]) =>
      runWalmq(args, setting).catch(
        (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
      );
    const capture = await CaptureProcess.start(setting);
    const [acceptLoss, doctor, status, teardown, exitCode] = await Promise.all([
      failing(['accept-loss', '--yes']),
      failing(['doctor', '--json']),
      failing(['status', '--json']),
      failing(['teardown', '--yes']),
      capture.exitCode(),
    ]);
    expect(exitCode).toBe(1);
    for (const said of [capture.output, acceptLoss, status]) {
      expect(said).toContain('SLOT_FOREIGN');
      expect(said.replaceAll('\\', '')).toContain(expected);
      expect(said).not.toContain('pg_drop_replication_slot');
    }
    const checks = JSON.parse(doctor) as { check: string; status: string; found: string }[];
    expect(checks.find(({ check }) => check === 'slot')).toMatchObject({
      status: 'error',
      found: expect.stringContaining(expected),
    });
    expect(teardown).not.toContain('drop slot');
    const { rows } = await world.client.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [
      slot,
    ]);
    expect(rows).toHaveLength(1);
    await world.client.query('SELECT pg_drop_replication_slot($1)', [slot]);
  });
});
