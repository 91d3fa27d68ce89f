import { listBackfills, requestBackfill } from '@walmq/backfill';
import type { Change } from '@walmq/change';
import { perverseRoleSql, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

/** Types whose text form hangs on a setting, or that a wrong reading of a literal would spoil. */
const COLUMNS: Readonly<Record<string, readonly [type: string, sql: string, json: unknown]>> = {
  at: ['timestamptz', "'2026-11-22 10:00:00+02'", '2026-11-22T08:00:00Z'],
  plain_at: ['timestamp', "'2026-11-22 10:00:00.5'", '2026-11-22T10:00:00.5'],
  day: ['date', "'2026-11-22'", '2026-11-22'],
  lasts: ['interval', "'1 day 2 hours'", 'P1DT2H'],
  bytes: ['bytea', String.raw`'\x00ff10'`, 'AP8Q'],
  share: ['double precision', '0.1234567890123456', 0.1234567890123456],
  moments: [
    'timestamptz[]',
    "ARRAY['2026-01-01 00:00:00+00', NULL]::timestamptz[]",
    ['2026-01-01T00:00:00Z', null],
  ],
  of: ['regclass', "'public.things'::regclass", 'things'],
  name: ['text', "'Übergrößenträger € 🚀'", 'Übergrößenträger € 🚀'],
};
const EXPECTED = Object.fromEntries(Object.entries(COLUMNS).map(([name, [, , json]]) => [name, json]));
const VALUES = Object.values(COLUMNS)
  .map(([, sql]) => sql)
  .join(', ');
const SCHEMA = `CREATE TABLE things (id integer PRIMARY KEY, ${Object.entries(COLUMNS)
  .map(([name, [type]]) => `"${name}" ${type}`)
  .join(', ')});`;
const QUEUES = { things: { table: 'things' } };

describe("settings that would be anybody's but capture's own", () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));
  afterEach(() => vi.unstubAllEnvs());

  /** A world with a row that was there before, and a role that may do all that capture does. */
  async function createWorld(name: string): Promise<CaptureWorld> {
    const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    await world.client.query(`
      CREATE ROLE ${name} LOGIN REPLICATION PASSWORD 'test';
      GRANT USAGE ON SCHEMA walmq TO ${name};
      GRANT ALL ON ALL TABLES IN SCHEMA walmq TO ${name};
      GRANT SELECT ON things TO ${name};
      INSERT INTO things VALUES (1, ${VALUES})`);
    return world;
  }

  function urlAs(world: CaptureWorld, role: string, query = ''): string {
    const url = Object.assign(new URL(world.databaseUrl), { username: role, password: 'test' });
    return `${url.href}${query}`;
  }

  /** Streams one row, backfills both, and stays for some seconds more without ending. */
  async function expectPlainValues(world: CaptureWorld, databaseUrl: string): Promise<void> {
    let ticks = 0;
    const capture = world.capture({ progress: () => (ticks += 1) }, databaseUrl);
    const inserted = (id: number) => world.client.query(`INSERT INTO things VALUES (${id}, ${VALUES})`);
    await world.waitForChanges('things', 1);
    await inserted(2);
    await world.waitForChanges('things', 2);
    await requestBackfill(world.client, {
      slot: world.config.source.slot,
      queue: 'things',
      schema: 'public',
      table: 'things',
      filter: null,
      chunkRows: 100,
      rowsExpected: null,
    });
    await world.waitForChanges('things', 4);
    // Longer than any time-out of the role: capture says at least once a second how far it is.
    const seen = ticks;
    await expect.poll(() => ticks).toBeGreaterThan(seen + 3);
    await inserted(3);
    const changes = await world.waitForChanges('things', 5);
    await capture.stop();
    expect(changes.map(({ op }) => op).sort()).toEqual(['insert', 'insert', 'insert', 'read', 'read']);
    for (const { after } of changes as Change[])
      expect(after).toEqual({ id: expect.any(Number), ...EXPECTED });
  }

  it('of the role: stream and backfill bring the values of a plain role, and no time-out ends them', async () => {
    await using world = await createWorld('settings_role');
    const { rows } = await world.client.query<{ version: string }>('SHOW server_version_num');
    await world.client.query(perverseRoleSql('settings_role', Math.floor(Number(rows[0]?.version) / 10_000)));
    await expectPlainValues(world, urlAs(world, 'settings_role'));
  });

  it('of the database and of the URL, which also has time-outs of pg', async () => {
    await using world = await createWorld('settings_url');
    await world.client.query(`
      ALTER DATABASE settings_url SET TimeZone = 'Asia/Kolkata';
      ALTER DATABASE settings_url SET default_transaction_read_only = on;
      ALTER DATABASE settings_url SET bytea_output = escape`);
    const options = encodeURIComponent(
      '-c search_path=nowhere --DateStyle=German -cIntervalStyle=sql_standard -c statement_timeout=1ms',
    );
    await expectPlainValues(
      world,
      urlAs(
        world,
        'settings_url',
        `?options=${options}&query_timeout=1&statement_timeout=1&lock_timeout=1&application_name=mine&client_encoding=latin1`,
      ),
    );
  });

  it('where a membership replaces the attribute REPLICATION: the remedy is the step of that provider', async () => {
    await using world = await createWorld('settings_managed');
    await world.client.query(`ALTER ROLE settings_managed NOREPLICATION;
      CREATE ROLE rds_replication; GRANT rds_replication TO settings_managed`);
    await expect(world.capture({}, urlAs(world, 'settings_managed')).ended).rejects.toMatchObject({
      code: 'REPLICATION_DENIED',
      message: expect.stringMatching(/WAL sender|walsender/),
      remedy: expect.stringContaining('GRANT rds_replication TO "settings_managed"; as the master user'),
    });
  });

  it('of PGOPTIONS and its kin in the environment', async () => {
    await using world = await createWorld('settings_environment');
    vi.stubEnv('PGOPTIONS', '-c DateStyle=SQL -c TimeZone=Asia/Tokyo -c extra_float_digits=0');
    vi.stubEnv('PGTZ', 'Asia/Tokyo');
    vi.stubEnv('PGDATESTYLE', 'German');
    vi.stubEnv('PGCLIENTENCODING', 'LATIN1');
    vi.stubEnv('PGAPPNAME', 'mine');
    await expectPlainValues(world, urlAs(world, 'settings_environment'));
  });

  it('a database that takes no writes is streamed: nothing is written before or meanwhile', async () => {
    await using world = await createWorld('read_only');
    const url = urlAs(world, 'read_only');
    const first = world.capture({}, url);
    await world.waitForChanges('things', 1);
    await world.waitUntilAcknowledged();
    await first.stop();
    // As on a full disk; and as a provider protects one.
    await world.client.query(`
      INSERT INTO things VALUES (2, ${VALUES});
      CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON walmq.capture EXECUTE FUNCTION full_disk();
      ALTER DATABASE read_only SET default_transaction_read_only = on`);
    const second = world.capture({}, url);
    await world.waitForChanges('things', 2);
    await second.stop();
    await world.client.query(`INSERT INTO things VALUES (3, ${VALUES}); DELETE FROM walmq.capture`);
    const third = world.capture({}, url);
    await world.waitForChanges('things', 3);
    await third.stop();
  });

  it("capture never counts as a synchronous standby, even where '*' names everybody", async () => {
    await using world = await createWorld('synchronous');
    await world.client.query('SET synchronous_commit = local');
    await world.client.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await world.client.query('SELECT pg_reload_conf()');
    try {
      const capture = world.capture();
      await world.client.query(`INSERT INTO things VALUES (2, ${VALUES})`);
      await world.waitForChanges('things', 2);
      await world.waitUntilAcknowledged();
      await expect
        .poll(
          async () => (await world.client.query('SELECT sync_state, state FROM pg_stat_replication')).rows,
        )
        .toEqual([{ sync_state: 'async', state: 'streaming' }]);
      await capture.stop();
    } finally {
      await world.client.query('ALTER SYSTEM RESET synchronous_standby_names');
      await world.client.query('SELECT pg_reload_conf()');
    }
  });

  it('a policy that hides rows fails a backfill, whatever the URL says besides', async () => {
    await using world = await createWorld('settings_policy');
    await world.client.query(`
      ALTER TABLE things ENABLE ROW LEVEL SECURITY;
      CREATE POLICY none ON things USING (id > 1)`);
    const capture = world.capture({}, urlAs(world, 'settings_policy', '?options=-csearch_path%3Dpublic'));
    await requestBackfill(world.client, {
      slot: world.config.source.slot,
      queue: 'things',
      schema: 'public',
      table: 'things',
      filter: null,
      chunkRows: 100,
      rowsExpected: null,
    });
    await expect
      .poll(async () => (await listBackfills(world.client, world.config.source.slot))[0])
      .toMatchObject({ status: 'failed', error: expect.stringContaining('row-level security') });
    await capture.stop();
  });
});
