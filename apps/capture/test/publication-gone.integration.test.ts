import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const QUEUES = { items: { table: 'items' }, notes: { table: 'notes' } };

describe('a publication that was dropped and is there again', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('what was changed meanwhile blocks the stream, is named, and can be given up: that and no more', async () => {
    await using world = await CaptureWorld.create(servers, 'gone', {
      schema: 'CREATE TABLE items (id integer PRIMARY KEY); CREATE TABLE notes (id integer PRIMARY KEY)',
      queues: QUEUES,
    });
    const { client } = world;
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: 'gone' }, redis: { prefix: 'gone' }, queues: QUEUES },
    };
    const walmq = (...args: string[]) => runWalmq(args, setting).catch(failedOutput);
    const ids = async (queue: string) => (await world.changes(queue)).map(({ key }) => key?.id);
    await client.query('INSERT INTO items VALUES (1)');
    const capture = await CaptureProcess.start(setting);
    await world.waitForChanges('items', 1);
    expect(await capture.end('SIGTERM')).toBe(0);

    // Each transaction is one of its own; two of them while there is no publication.
    await client.query('INSERT INTO items SELECT generate_series(2, 600)');
    await client.query('INSERT INTO notes VALUES (2)');
    await client.query('DROP PUBLICATION walmq');
    await client.query('INSERT INTO items VALUES (1001)');
    await client.query('INSERT INTO notes VALUES (1002)');
    expect(await walmq('skip', '--dry-run')).toContain('PUBLICATION_MISSING');
    await walmq('setup');
    await client.query('INSERT INTO notes VALUES (3)');
    await client.query('INSERT INTO items VALUES (601)');

    for (let start = 0; start < 2; start++) {
      const blocked = await CaptureProcess.start(setting);
      expect(await blocked.exitCode()).toBe(1);
      expect(blocked.output).toMatch(/PUBLICATION_WAS_MISSING.*walmq skip --dry-run/);
    }
    // What came before is enqueued.
    expect(await ids('items')).toHaveLength(600);
    expect(await ids('notes')).toEqual([2]);
    expect(await walmq('doctor')).toContain('was not when the next changes were made');

    const told = await walmq('skip', '--dry-run');
    expect(told).toMatch(/no publication between [0-9A-F]+\/[0-9A-F]+ and [0-9A-F]+\/[0-9A-F]+/);
    expect(told).toContain('npx walmq backfill --queue items');
    expect(await walmq('skip')).toContain('NOT_CONFIRMED');
    expect(await walmq('skip', '--yes')).toContain('Given up');
    const goesOn = await CaptureProcess.start(setting);
    await world.waitForChanges('items', 601);
    expect((await ids('items')).at(-1)).toBe(601);
    await world.waitForChanges('notes', 2);
    expect(await ids('notes')).toEqual([2, 3]);
    expect(await goesOn.end('SIGTERM')).toBe(0);
    expect(await walmq('skip', '--dry-run')).toContain('Nothing to skip');
    const { rows } = await client.query('SELECT behind_lsn > commit_lsn AS range FROM walmq.skipped');
    expect(rows).toEqual([{ range: true }]);
    const copies = await client.query("SELECT FROM pg_replication_slots WHERE slot_name LIKE 'walmq_skip%'");
    expect(copies.rowCount).toBe(0);
  });
});

function failedOutput(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  return stdout + stderr;
}
