import type { WalmqConfigInput } from '@walmq/config';
import { embeddedPostgresMajor } from '@walmq/embedded';
import { readStatus, type TableFinding, type Verdict } from '@walmq/operations';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const ITEMS = 'CREATE TABLE items (id integer PRIMARY KEY, name text)';
const SCHEMA = `${ITEMS};
  CREATE TABLE parts (id integer PRIMARY KEY) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
  ALTER TABLE parts_1 REPLICA IDENTITY FULL;
  CREATE TABLE readings (id integer PRIMARY KEY)`;
const QUEUES = {
  items: { table: 'items' },
  parts: { table: 'parts' },
  readings: { table: 'readings' },
};
const SWAP = `BEGIN; CREATE TABLE items_new (LIKE items INCLUDING ALL); ALTER TABLE items RENAME TO items_old;
  ALTER TABLE items_new RENAME TO items; COMMIT`;

type OnUnpublished = NonNullable<WalmqConfigInput['capture']>['onUnpublished'];

describe('publication and tables that change beneath a capture', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** A capture of its own, and what it and the command line say. */
  async function start(name: string) {
    const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    const pool = new Pool({ connectionString: world.databaseUrl, max: 2 });
    onTestFinished(async () => {
      await pool.end();
      await world[Symbol.asyncDispose]();
    });
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: name }, redis: { prefix: name }, queues: QUEUES },
    };
    const startCapture = async () => {
      const capture = await CaptureProcess.start(setting);
      await capture.waitFor('stream:started');
      return capture;
    };
    const verdicts = async (): Promise<Verdict[]> => {
      const { verdicts: all } = await readStatus({
        config: world.config,
        database: pool,
        redis: world.redis,
      });
      return all.filter(({ code }) => !['STANDBY_MISSING', 'WORKERS_MISSING'].includes(code));
    };
    const run = (sql: string) => world.client.query(sql);
    const walmq = (...args: string[]) => runWalmq(args, setting);
    return { world, capture: await startCapture(), startCapture, verdicts, run, walmq };
  }

  const codes = (verdicts: readonly { code: string }[]) => verdicts.map(({ code }) => code);
  const NOTHING: string[] = [];

  it('says what does not come, since when, and what did not come, until that is accepted', {
    timeout: 120_000,
  }, async () => {
    const { world, capture, verdicts, run, walmq } = await start('watch_warn');
    const ready = () => capture.ask('ready');
    await expect.poll(ready).toContain('ready');

    // The table is swapped: its successor is in no publication.
    await run(SWAP);
    await expect.poll(ready).toContain('publication \\"walmq\\" does not hold public.items');
    await run("INSERT INTO items VALUES (1, 'lost')");
    expect(
      await capture.metric('walmq_capture_unpublished{code="TABLE_UNPUBLISHED",table="public.items"}'),
    ).toBe(1);
    await expect.poll(verdicts).toMatchObject([
      {
        code: 'TABLE_UNPUBLISHED',
        severity: 'error',
        sentence: expect.stringMatching(/since .+ \([0-9A-F]+\/[0-9A-F]+\) at the earliest/),
        remedy: expect.stringMatching(/npx walmq setup.*npx walmq backfill/),
      },
    ]);
    await walmq('setup');
    await expect.poll(async () => codes(await verdicts())).toEqual(['CHANGES_UNPUBLISHED']);
    expect((await verdicts())[0]).toMatchObject({
      sentence: expect.stringMatching(/^Changes between .+ and .+ may be missing: .*public\.items/),
      remedy: expect.stringContaining('npx walmq backfill --queue items --table public.items'),
    });
    await expect.poll(ready).not.toContain('does not hold');
    expect(await capture.metric('walmq_capture_unpublished_before')).toBe(1);
    await run("INSERT INTO items VALUES (2, 'comes')");
    expect(await world.waitForChanges('items', 1)).toMatchObject([{ key: { id: 2 } }]);
    await expect(walmq('accept-loss', '--tables')).rejects.toThrow(/NOT_CONFIRMED/);
    await walmq('accept-loss', '--tables', '--yes');
    await expect.poll(async () => codes(await verdicts())).toEqual(NOTHING);

    // The publication is altered: each of its properties, and back.
    const filters = embeddedPostgresMajor() >= 15;
    await run(`BEGIN; ALTER PUBLICATION walmq SET (publish = 'insert, update', publish_via_partition_root = false);
      ALTER PUBLICATION walmq DROP TABLE readings; COMMIT`);
    if (filters)
      await run(`BEGIN; ALTER PUBLICATION walmq SET (publish = 'insert');
        ALTER PUBLICATION walmq DROP TABLE items; ALTER PUBLICATION walmq ADD TABLE items (id) WHERE (id > 5); COMMIT`);
    const altered = ['TABLE_UNPUBLISHED', 'OPERATIONS_UNPUBLISHED', 'PARTITIONS_UNPUBLISHED'];
    await expect
      .poll(async () => codes(await verdicts()))
      .toEqual([...altered, ...(filters ? ['FILTER_CHANGED'] : [])]);
    await run(`BEGIN; ALTER PUBLICATION walmq ADD TABLE readings; ALTER PUBLICATION walmq
      SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true); COMMIT`);
    if (filters)
      await run(
        'BEGIN; ALTER PUBLICATION walmq DROP TABLE items; ALTER PUBLICATION walmq ADD TABLE items; COMMIT',
      );
    await expect
      .poll(async () => codes(await verdicts()))
      .toEqual(Array(filters ? 4 : 3).fill('CHANGES_UNPUBLISHED'));
    // What is accepted is forgotten, also a filter that is meant.
    if (filters)
      await run(
        'BEGIN; ALTER PUBLICATION walmq DROP TABLE items; ALTER PUBLICATION walmq ADD TABLE items (id, name); COMMIT',
      );
    if (filters) await expect.poll(async () => codes(await verdicts())).toContain('FILTER_CHANGED');
    await walmq('accept-loss', '--tables', '--yes');
    await expect.poll(async () => codes(await verdicts())).toEqual(NOTHING);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('notices what happened between two looks, or while no capture ran, by what a table is and not by its name', {
    timeout: 120_000,
  }, async () => {
    const { capture, startCapture, verdicts, run, walmq } = await start('watch_between');
    await expect.poll(async () => codes(await verdicts())).toEqual(NOTHING);
    expect(await capture.end('SIGTERM')).toBe(0);
    await run(`DROP TABLE items; ${ITEMS}`);
    await run("INSERT INTO items VALUES (1, 'lost')");
    await run(`ALTER TABLE items REPLICA IDENTITY FULL; ALTER PUBLICATION walmq ADD TABLE items;
      CREATE TABLE parts_2 (LIKE parts INCLUDING ALL)`);
    await run('INSERT INTO parts_2 VALUES (11)');
    await run(`ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (10) TO (20);
      ALTER TABLE parts_2 REPLICA IDENTITY FULL; ALTER TABLE parts DETACH PARTITION parts_1`);
    // An empty one that is made as a partition is nothing to speak of.
    await run(
      `CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20) TO (30); ALTER TABLE parts_3 REPLICA IDENTITY FULL`,
    );
    const again = await startCapture();
    await expect
      .poll(async () => codes(await verdicts()))
      .toEqual(['TABLE_REPLACED', 'PARTITION_ATTACHED', 'PARTITION_GONE']);
    expect((await verdicts()).map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^Public\.items is another table than before: changes between/),
      expect.stringMatching(/^Public\.parts_2 was attached to public\.parts with rows in it/),
      expect.stringMatching(/^Public\.parts_1 was detached from public\.parts/),
    ]);
    expect(await again.ask('ready')).not.toContain('another table');
    await walmq('accept-loss', '--tables', '--yes');
    await expect.poll(async () => codes(await verdicts())).toEqual(NOTHING);

    // What came with less than its table has, and what came to inherit.
    await run(`CREATE TABLE parts_4 PARTITION OF parts FOR VALUES FROM (30) TO (40)`);
    await expect.poll(verdicts).toMatchObject([
      {
        code: 'OLD_ROWS_PARTIAL',
        severity: 'warning',
        remedy: expect.stringContaining('ALTER TABLE "public"."parts_4" REPLICA IDENTITY FULL;'),
      },
    ]);
    await run('CREATE TABLE readings_1 (PRIMARY KEY (id)) INHERITS (readings)');
    await expect
      .poll(async () => codes(await verdicts()))
      .toEqual(['CHILDREN_UNPUBLISHED', 'OLD_ROWS_PARTIAL', 'OLD_ROWS_PARTIAL']);
    await walmq('setup');
    await expect.poll(async () => codes(await verdicts())).toEqual(['CHANGES_UNPUBLISHED']);
    await run('DROP TABLE items');
    await expect.poll(async () => codes(await verdicts())).toContain('TABLE_MISSING');
    expect(await again.end('SIGTERM')).toBe(0);
  });

  async function worldOf(name: string, onUnpublished: OnUnpublished) {
    const world = await CaptureWorld.create(servers, name, {
      schema: SCHEMA,
      queues: QUEUES,
      capture: { onUnpublished },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  it("'stop' ends capture, at once and at every start", async () => {
    const world = await worldOf('watch_stop', 'stop');
    const capture = world.capture();
    await world.client.query(SWAP);
    const expected = {
      code: 'PUBLICATION_INCOMPLETE',
      message: expect.stringContaining('does not hold public.items'),
      remedy: expect.stringContaining('npx walmq setup'),
    };
    await expect(capture.ended).rejects.toMatchObject(expected);
    await expect(world.capture().ended).rejects.toMatchObject(expected);
  });

  it("'pause' pauses the queues that read it, and no other", async () => {
    const world = await worldOf('watch_pause', 'pause');
    const capture = world.capture();
    const paused = (queue: string) => world.redis.hexists(`watch_pause:${queue}:meta`, 'paused');
    await world.client.query(SWAP);
    await expect.poll(() => paused('items')).toBe(1);
    expect(await paused('parts')).toBe(0);
    await capture.stop();
  });

  it("'add' publishes the table and what came to inherit, with whole old rows; who may not says so", async () => {
    const world = await worldOf('watch_add', 'add');
    let findings: readonly TableFinding[] | undefined;
    const failures: string[] = [];
    const capture = world.capture({
      tables: event => {
        findings = event.findings;
      },
      'tables-unseen': ({ error }) => failures.push(error.message),
    });
    await world.client.query(SWAP);
    await world.client.query('CREATE TABLE readings_1 (PRIMARY KEY (id)) INHERITS (readings)');
    await expect.poll(() => codes(findings ?? [])).toEqual(['CHANGES_UNPUBLISHED', 'CHANGES_UNPUBLISHED']);
    await world.client.query("INSERT INTO items VALUES (1, 'a'); UPDATE items SET name = 'b'");
    await world.client.query('INSERT INTO readings_1 VALUES (1)');
    expect((await world.waitForChanges('items', 2))[1]).toMatchObject({ before: { name: 'a' } });
    await world.waitForChanges('readings', 1);
    await capture.stop();
    expect(failures).toEqual([]);
  });

  /** The inserts that the slot has not confirmed. Rejects while a capture reads it. */
  async function insertsLeft(world: CaptureWorld): Promise<number> {
    const { rows } = await world.client.query<{ left: number }>(
      `SELECT count(*)::int AS left FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL,
              'proto_version', '1', 'publication_names', 'other') WHERE get_byte(data, 0) = ascii('I')`,
      [world.config.source.slot],
    );
    return rows[0]?.left as number;
  }

  it.each(['ROLE postgres', 'DATABASE watch_quiet'])(
    'a publication that is gone is noticed although warnings are turned off for %s',
    async who => {
      const name = who.startsWith('ROLE') ? 'watch_quiet_role' : 'watch_quiet';
      const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
      onTestFinished(async () => {
        await world.client.query(`ALTER ${who} RESET client_min_messages`);
        await world[Symbol.asyncDispose]();
      });
      await world.client.query(`ALTER ${who} SET client_min_messages = error`);
      await world.client.query('CREATE PUBLICATION other FOR TABLE items');
      const capture = world.capture();
      await world.client.query("INSERT INTO items VALUES (1, 'a')");
      await world.waitForChanges('items', 1);
      await world.waitUntilAcknowledged();
      await world.client.query('DROP PUBLICATION walmq');
      await world.client.query("INSERT INTO items VALUES (2, 'b')");
      await expect(capture.ended).rejects.toMatchObject({
        code: expect.stringMatching(/PUBLICATION_MISSING$/),
      });
      // What was read without it is not acknowledged: the slot still has it for another publication. An LSN of before the
      // insert is no bound, because the server's own records and other databases move an idle slot too.
      await expect.poll(() => insertsLeft(world)).toBe(1);
      await expect(world.capture().ended).rejects.toMatchObject({ code: 'PUBLICATION_MISSING' });
    },
  );
});
