import { lsnFromHex, parseLsn } from '@walmq/change';
import { publishedTables } from '@walmq/config';
import { setUp } from '@walmq/setup';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';
import { takeSnapshot } from './snapshot-fixture.js';

const SCHEMA = `CREATE TABLE items (id integer PRIMARY KEY, name text);
  CREATE TABLE unpublished (filler text)`;
const QUEUES = { items: { table: 'items' } };

describe('a database set back on its own timeline', () => {
  let servers: Servers;
  beforeAll(async () => {
    // The slot's position on disk is what the snapshot holds: none is written in between by a checkpoint.
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** Sets the database back to before what `act` commits. */
  async function setBack(world: CaptureWorld, act: () => Promise<unknown>): Promise<void> {
    await using snapshot = await takeSnapshot(servers.postgres);
    await world.reconnect();
    await act();
    await snapshot.restore();
    await world.reconnect();
  }

  it('refuses at every start while new WAL passes the checkpoint, and goes on after accept-loss', async () => {
    await using world = await create('back_commits');
    await captured(world, () => insert(world, 1, 20), 20);
    await setBack(world, () => captured(world, () => insert(world, 21, 60), 60));

    // The first start comes before or after the WAL has passed the checkpoint: both end in a refusal, and stay there.
    let id = 1001;
    const refused: string[] = [];
    while (refused.length < 9) {
      refused.push(await refusal(world));
      await insert(world, id, id + 9);
      id += 10;
      await fill(world, (await checkpointOf(world)) - (await walEnd(world)) > 0n ? 20_000 : 10);
    }
    expect(await walEnd(world)).toBeGreaterThan(await checkpointOf(world));
    expect(new Set(refused)).toEqual(new Set(['CHECKPOINT_AHEAD']));
    const setting = settingOf(world);
    expect(await runWalmq(['doctor'], setting).catch(error => error.stdout)).toMatch(/error +checkpoint/);
    expect(await runWalmq(['status', '--json'], setting).catch(error => error.stdout)).toContain(
      'CHECKPOINT_AHEAD',
    );
    await runWalmq(['accept-loss', '--yes'], setting);
    await captured(world, () => insert(world, id, id + 9), undefined);
    const ids = (await world.changes('items')).map(change => change.after?.id);
    for (let one = 1001; one < id + 10; one++) expect(ids).toContain(one);
  });

  it('refuses at the very first start that comes after the WAL has passed the checkpoint', async () => {
    await using world = await create('back_late');
    await captured(world, () => insert(world, 1, 20), 20);
    await setBack(world, () => captured(world, () => insert(world, 21, 60), 60));
    await insert(world, 1001, 1010);
    await pass(world);
    await insert(world, 1011, 1020);
    expect(await refusal(world)).toBe('CHECKPOINT_AHEAD');
    expect(await world.changes('items')).toHaveLength(60);
  });

  it('refuses changes that stand where an idle database has moved the checkpoint', async () => {
    await using world = await create('back_idle');
    await captured(world, () => insert(world, 1, 20), 20);
    await setBack(world, () => captured(world, () => fill(world, 500), 20));
    await insert(world, 1001, 1010);
    await pass(world);
    expect(await refusal(world)).toBe('CHECKPOINT_AHEAD');
    expect(await world.changes('items')).toHaveLength(20);
  });

  it('refuses a slot that was made anew behind the checkpoint', async () => {
    await using world = await create('back_slot');
    await captured(world, () => insert(world, 1, 20), 20);
    await setBack(world, () => captured(world, () => fill(world, 20_000), 20));
    // As in a base backup, which holds no slots; set-up is what SLOT_MISSING says to run.
    await world.client.query('SELECT pg_drop_replication_slot($1)', [world.config.source.slot]);
    await insert(world, 1001, 1010);
    await setUp(world.client, { ...world.config.source, tables: publishedTables(world.config) });
    await pass(world);
    await insert(world, 1011, 1020);
    expect(await refusal(world)).toBe('CHECKPOINT_AHEAD');
    expect(await world.changes('items')).toHaveLength(20);
  });

  it('goes on without a word when the checkpoint is of what the snapshot has', async () => {
    await using world = await create('back_nothing');
    await captured(world, () => insert(world, 1, 20), 20);
    await setBack(world, () => insert(world, 21, 60));
    await captured(world, () => insert(world, 1001, 1010), 30);
  });

  it('a copy of the server beside it, with the same Redis: the copy is refused, the original goes on', async () => {
    await using world = await create('back_clone');
    await captured(world, () => insert(world, 1, 20), 20);
    await using snapshot = await takeSnapshot(servers.postgres);
    await world.reconnect();
    const clone = await snapshot.clone();
    try {
      const original = await CaptureProcess.start(settingOf(world));
      await original.waitFor('stream:started');
      await insert(world, 21, 30);
      const url = new URL(world.databaseUrl);
      url.port = String(clone.port);
      const setting = { ...settingOf(world), databaseUrl: url.href };
      const copied = await CaptureProcess.start(setting);
      expect(await copied.exitCode()).toBe(1);
      expect(copied.output).toContain('CHECKPOINT_HELD');
      const accepted = await runWalmq(['accept-loss', '--yes'], setting).catch(error => error.stderr);
      expect(accepted).toContain('CHECKPOINT_HELD');
      await insert(world, 31, 40);
      const changes = await world.waitForChanges('items', 40);
      expect(changes.map(change => change.after?.id)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      expect(await original.end('SIGTERM')).toBe(0);
    } finally {
      await clone.stop();
    }
  });

  const create = (name: string) => CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });

  const settingOf = ({ config, databaseUrl }: CaptureWorld) => ({
    databaseUrl,
    redisUrl: servers.redis.url,
    config: { source: { slot: config.source.slot }, redis: { prefix: config.redis.prefix }, queues: QUEUES },
  });

  /** Runs a capture until what `act` commits is acknowledged. */
  async function captured(world: CaptureWorld, act: () => Promise<unknown>, count: number | undefined) {
    const capture = world.capture();
    await act();
    await world.waitUntilAcknowledged();
    await capture.stop();
    if (count !== undefined) await world.waitForChanges('items', count);
  }

  /** The code with which a capture ends by itself; changes committed meanwhile must not reach it. */
  async function refusal(world: CaptureWorld): Promise<string> {
    return await world.capture().ended.then(
      () => 'ended',
      (error: { code: string }) => error.code,
    );
  }

  const insert = (world: CaptureWorld, from: number, to: number) =>
    world.client.query("INSERT INTO items SELECT i, 'row' FROM generate_series($1::int, $2::int) i", [
      from,
      to,
    ]);

  /** WAL without a published change. */
  const fill = (world: CaptureWorld, rows: number) =>
    world.client.query("INSERT INTO unpublished SELECT 'filler' FROM generate_series(1, $1::int)", [rows]);

  async function pass(world: CaptureWorld): Promise<void> {
    while ((await walEnd(world)) <= (await checkpointOf(world))) await fill(world, 1000);
  }

  async function walEnd(world: CaptureWorld): Promise<bigint> {
    const { rows } = await world.client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    return parseLsn(rows[0]?.lsn as string);
  }

  async function checkpointOf(world: CaptureWorld): Promise<bigint> {
    const [key] = await world.redis.keys(`${world.config.redis.prefix}:walmq:checkpoint:*`);
    const position = (await world.redis.hget(key as string, 'position')) as string;
    return lsnFromHex(position.slice(0, 16));
  }
});
