import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { CAPTURE_SCHEMA } from '@walmq/setup';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const idOf = (n: number) => `${n.toString(16).toUpperCase().padStart(16, '0')}-0000000001-abcdef`;
const ROW_CHARACTERS = 1500;

/** KEYS[1] a failed job, KEYS[2] the failed jobs of its queue; ARGV[1] how many more of it, ARGV[2] their key prefix */
const MULTIPLY = `
local score = redis.call('ZSCORE', KEYS[2], string.sub(KEYS[1], #ARGV[2] + 1))
for n = 2, tonumber(ARGV[1]) do
  local id = string.format('%016X-0000000001-abcdef', n)
  redis.call('COPY', KEYS[1], ARGV[2] .. id)
  redis.call('ZADD', KEYS[2], score + math.floor(n / 10), id)
end`;

describe('very many failed changes', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    const settings = { appendfsync: 'everysec' };
    [postgres, redis] = await Promise.all([startPostgres(), startRedis({ settings })]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** So many failed changes, whose rows alone are 1.5 KB each. */
  async function makeWorld(name: string, count: number) {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: `CREATE TABLE orders (id int PRIMARY KEY); ${CAPTURE_SCHEMA.sql}`,
      queues: { orders: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const queue = new Queue('orders', { connection: { url: redis.url }, prefix: name });
    onTestFinished(() => queue.close());
    const after = { id: 1, note: 'x'.repeat(ROW_CHARACTERS) };
    const tx = { xid: 1, lsn: '0/1', committedAt: '2026-01-31T10:00:00Z', seq: 1 };
    const change = { op: 'insert', schema: 'public', table: 'orders', key: { id: 1 }, after, tx };
    await queue.add('insert', change, { jobId: idOf(1), attempts: 3 });
    const worker = new Worker(
      'orders',
      async () => {
        throw new UnrecoverableError('broken');
      },
      { connection: { url: redis.url }, prefix: name },
    );
    await expect.poll(() => queue.getFailedCount()).toBe(1);
    await worker.close();
    await world.redis.eval(
      MULTIPLY,
      ...([2, queue.toKey(idOf(1)), queue.toKey('failed'), count, queue.toKey('')] as const),
    );
    expect(await queue.getFailedCount()).toBe(count);
    return { world, queue };
  }

  it('100,000 are listed, grouped and replayed in a process that has no room for them', async () => {
    const COUNT = 100_000;
    const { world, queue } = await makeWorld('lg_memory', COUNT);
    const bin = join(import.meta.dirname, '../bin/walmq.js');
    const run = async (...args: string[]) => {
      const env = { ...world.env, PATH: process.env.PATH, NODE_OPTIONS: '--max-old-space-size=96' };
      const options = { env, maxBuffer: 100_000_000 };
      return (await promisify(execFile)(process.execPath, [bin, ...args], options)).stdout.trimEnd();
    };
    const listed = (await run('failed', '--list', '--json')).split('\n');
    expect(new Set(listed.map(line => JSON.parse(line).id)).size).toBe(COUNT);
    expect(JSON.parse(await run('failed', '--json'))).toMatchObject([{ count: COUNT, parked: 0 }]);
    expect(await run('replay', '--all')).toBe(`orders: ${COUNT} replayed.`);
    // The first to be taken is at the end.
    const [last, first] = await Promise.all([
      world.redis.lindex(queue.toKey('wait'), 0),
      world.redis.lindex(queue.toKey('wait'), -1),
    ]);
    expect([first, last]).toEqual([idOf(1), idOf(COUNT)]);
  });

  it('Redis going away in the middle is a sentence and exit code 1; running it again finishes', async () => {
    const { world, queue } = await makeWorld('lg_redis', 2000);
    world.redis.on('error', () => undefined);
    queue.on('error', () => undefined);
    /** Redis dies as soon as the command has something to show. */
    const killing = () => {
      let killed: Promise<void> | undefined;
      const kill = () => {
        killed ??= redis.kill('SIGKILL');
      };
      return { kill, back: () => killed?.then(() => redis.restart()) };
    };

    const listing = killing();
    const lost = await walmq(['failed', '--list'], world.env, { print: listing.kill });
    expect([lost.code, lost.errors]).toEqual([
      1,
      ['REDIS_UNREACHABLE: the connection to Redis was lost. Run it again when Redis is back.'],
    ]);
    await listing.back();

    const replaying = killing();
    const shown = { isTerminal: true, draw: replaying.kill };
    const stopped = await walmq(['replay', '--to-lsn', '0/3E8'], world.env, shown);
    expect([stopped.code, stopped.errors]).toEqual([
      1,
      [
        expect.stringMatching(
          /^REPLAY_STOPPED: the connection to Redis was lost, with \d+ of 1000 failed changes of queue orders handled\. Run the command again/,
        ),
      ],
    ]);
    await replaying.back();
    const left = (await queue.getFailedCount()) - 1000;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(1000);
    const again = await walmq(['replay', '--to-lsn', '0/3E8'], world.env);
    expect([again.code, again.lines]).toEqual([0, [`orders: ${left} replayed.`]]);
    expect(new Set(await world.redis.lrange(queue.toKey('wait'), 0, -1)).size).toBe(1000);

    const folder = await mkdtemp(join(tmpdir(), 'walmq-discard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [first, second] = [join(folder, 'first.jsonl'), join(folder, 'second.jsonl')];
    const discarding = killing();
    const cut = await walmq(['discard', '--all', '--yes', '--to', first], world.env, {
      isTerminal: true,
      draw: discarding.kill,
    });
    expect([cut.code, cut.errors[0]]).toEqual([
      1,
      expect.stringMatching(/^REPLAY_STOPPED: the connection .* of 1000 failed changes of queue orders dis/),
    ]);
    await discarding.back();
    expect((await walmq(['discard', '--all', '--yes', '--to', second], world.env)).code).toBe(0);
    expect(await queue.getFailedCount()).toBe(0);
    // All are written down, be it twice: what was written and not yet removed when Redis went.
    const ids = (await Promise.all([first, second].map(file => readFile(file, 'utf8'))))
      .flatMap(text => text.trimEnd().split('\n'))
      .map(line => (JSON.parse(line) as { id: string }).id);
    expect([...new Set(ids)].sort()).toEqual(Array.from({ length: 1000 }, (_, index) => idOf(index + 1001)));
  });
});
