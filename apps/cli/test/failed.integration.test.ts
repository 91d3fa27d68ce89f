import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { changeId, jobId, ReplayWorld } from '@walmq/operations/replay-fixture';
import { CAPTURE_SCHEMA } from '@walmq/setup';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const idOf = (n: number) => `${n.toString(16).toUpperCase().padStart(16, '0')}-0000000001-abcdef`;

describe('walmq failed, replay, discard', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** Changes 1 to 5 of orders, all failed, and one job that holds no change. */
  async function makeWorld(name: string) {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: `CREATE TABLE orders (id int PRIMARY KEY); ${CAPTURE_SCHEMA.sql}`,
      queues: { orders: { table: 'orders' }, mails: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const queue = new Queue('orders', { connection: { url: redis.url }, prefix: name });
    onTestFinished(() => queue.close());
    for (let n = 1; n <= 5; n++)
      await queue.add(
        'insert',
        {
          id: idOf(n).slice(0, 27),
          op: 'insert',
          schema: 'public',
          table: 'orders',
          key: { id: n },
          tx: { committedAt: '2026-01-31T10:00:00Z' },
        },
        { jobId: idOf(n), attempts: 3 },
      );
    await queue.add('resize', { image: 7 }, { jobId: 'plain-1' });
    let broken = true;
    const worker = new Worker(
      'orders',
      async job => {
        if (broken) throw new UnrecoverableError(`no order "${job.id}" in 3 tables`);
      },
      { connection: { url: redis.url }, prefix: name },
    );
    onTestFinished(() => worker.close());
    await expect.poll(() => queue.getFailedCount()).toBe(6);
    return {
      run: (...args: string[]) => world.run(...args),
      queue,
      mend: () => {
        broken = false;
      },
    };
  }

  it('lists groups and single changes, filtered, for people and for programs', async () => {
    const { run } = await makeWorld('fl_list');
    const groups = await run('failed');
    expect(groups.code).toBe(0);
    expect(groups.lines[0]).toMatch(/^queue +table +failed +parked +oldest +group +reason$/);
    expect(groups.lines[1]).toMatch(
      /^orders +orders +5 +0 .+ s +[0-9a-f]{10} +no order <value> in <n> tables$/,
    );
    expect(groups.lines[2]).toMatch(/^orders +- +1 /);
    const list = await run('failed', '--list', '--json', '--key', 'id=3', '--since', '1h');
    expect(list.lines.map(line => JSON.parse(line))).toMatchObject([
      { queue: 'orders', id: idOf(3), op: 'insert', table: 'orders', key: { id: 3 }, parked: 0 },
    ]);
    expect((await run('failed', '--queue', 'mails')).lines).toEqual(['Nothing has failed.']);
    for (const list of [[], ['--list']])
      expect((await run('failed', '--reason', 'no such reason', ...list)).lines).toEqual([
        'No failed change matches.',
      ]);
    const page = async (...args: string[]) =>
      JSON.parse(
        (await run('failed', '--table', 'orders', '--limit', '3', '--json', ...args)).lines.join('\n'),
      );
    const first = await page();
    expect(first).toMatchObject({ changes: { length: 3 }, total: 6, next: expect.any(String) });
    const second = await page('--cursor', first.next);
    expect(second).toMatchObject({ changes: { length: 2 }, looked: 6 });
    expect(second.next).toBeUndefined();
    const other = await run('failed', '--text', 'x', '--cursor', first.next);
    expect([other.code, other.errors.join('')]).toEqual([1, expect.stringContaining('CURSOR_INVALID')]);
    expect((await run('failed', '--text', 'no order', '--limit', '9')).lines.at(-1)).toBe(
      'Looked at all 6 failed changes.',
    );
    expect((await run('failed', '--parked')).lines).toEqual([
      'Nothing matches.',
      'Looked at all 0 parked changes.',
    ]);
    const [ofOrders] = JSON.parse((await run('failed', '--json')).lines.join('\n'));
    expect(ofOrders).toMatchObject({ queue: 'orders', table: 'orders', count: 5, parked: 0 });
    const ofGroup = await run('failed', '--list', '--json', '--group', ofOrders.group);
    expect(ofGroup.lines).toHaveLength(5);
    // A job of another tool is shown by what it has.
    const plain = await run('failed', '--list', '--id', 'plain-1');
    expect(plain.lines).toEqual([
      expect.stringMatching(/orders {2}plain-1 {2}resize {2}1 try {2}0 parked {2}no order/),
    ]);
  });

  it('refuses what it cannot understand, in a sentence', async () => {
    const { run } = await makeWorld('fl_bad');
    for (const [args, code, message] of [
      [['replay'], 1, /OPTION_MISSING/],
      [['failed', '--queue', 'orderz'], 1, /QUEUE_UNKNOWN.*orders, mails/],
      [['failed', '--since', 'yesterday'], 2, /must be a time/],
      [['failed', '--from-lsn', '12'], 2, /must be a WAL position/],
      [['replay', '--id', 'nobody'], 1, /CHANGE_UNKNOWN.*cannot be replayed/],
      [['discard', '--all'], 1, /NOT_CONFIRMED.*6 changes of queue orders are discarded.*--yes/],
    ] as const) {
      const ended = await run(...args);
      expect([args, ended.code]).toEqual([args, code]);
      expect(ended.errors.join(' ')).toMatch(message);
    }
  });

  it('replays by key, by position and all, says what it would do, and whether it failed again', async () => {
    const { run, queue, mend } = await makeWorld('fl_replay');
    expect((await run('replay', '--all', '--dry-run')).lines).toEqual([
      'orders: 6 would be replayed; 0 parked behind.',
    ]);
    const again = await run('replay', '--key', 'id=1', '--wait');
    expect([again.code, again.lines.at(-1)]).toEqual([1, 'orders: 0 completed, 1 failed again.']);
    mend();
    const one = await run('replay', '--from-lsn', '0/2', '--to-lsn', '0/3', '--wait', '--json');
    expect(one.code).toBe(0);
    expect(JSON.parse(one.lines.join('\n'))).toMatchObject([{ queue: 'orders', replayed: 2, completed: 2 }]);
    const completed = await run('replay', '--id', idOf(2));
    expect([completed.code, completed.errors.join(' ')]).toEqual([
      1,
      expect.stringMatching(/ALREADY_COMPLETED.*later changes of its row may have run since/),
    ]);
    expect((await run('replay', '--all', '--wait')).code).toBe(0);
    expect(await queue.getFailedCount()).toBe(0);
    expect(await queue.getCompletedCount()).toBe(6);
  });

  it('discards into a file, and nothing that it could not write down', async () => {
    const { run, queue } = await makeWorld('fl_discard');
    const folder = await mkdtemp(join(tmpdir(), 'walmq-discard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'gone.jsonl');
    const done = await run('discard', '--key', 'id=4', '--yes', '--to', file);
    expect([done.code, done.errors]).toEqual([0, []]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ id: idOf(4), data: { key: { id: 4 } } }]);
    expect(await queue.getFailedCount()).toBe(5);
    const taken = await run('discard', '--all', '--yes', '--to', file);
    expect([taken.code, taken.errors.join(' ')]).toEqual([
      1,
      expect.stringContaining('DISCARD_NOT_WRITABLE'),
    ]);
    expect(await queue.getFailedCount()).toBe(5);
    expect(await readdir(folder)).toEqual(['gone.jsonl']);
  });

  /** Three keys with four changes each, of which the second has failed for good: 3 failed and 6 parked. */
  async function makeParked(name: string) {
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: `CREATE TABLE orders (id int PRIMARY KEY); ${CAPTURE_SCHEMA.sql}`,
      queues: { orders: { table: 'orders' } },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const stream = new ReplayWorld(redis.url, name);
    onTestFinished(() => stream[Symbol.asyncDispose]());
    await stream.enqueue(
      Array.from({ length: 12 }, (_, index) => ({ n: index + 1, keys: [String(index % 3)] })),
    );
    let isBroken = true;
    stream.work(n => {
      if (isBroken && n >= 4 && n <= 6) throw new UnrecoverableError(`order ${n} is broken`);
    });
    await expect.poll(() => stream.queue.getFailedCount()).toBe(3);
    return {
      stream,
      env: world.env,
      run: (...args: string[]) => world.run(...args),
      mend: () => {
        isBroken = false;
      },
    };
  }

  it('says what waits behind, and follows it to its end', async () => {
    const { run, stream, mend } = await makeParked('fl_parked');
    expect((await run('failed')).lines[1]).toMatch(
      /^orders +orders +3 +6 .+ s +[0-9a-f]{10} +order <n> is broken$/,
    );
    const parked = await run('replay', '--id', changeId(9));
    expect([parked.code, parked.errors]).toEqual([
      1,
      [expect.stringMatching(new RegExp(`^NOT_FAILED: .* is parked.*walmq replay --id ${jobId(6)}$`))],
    ]);
    const again = await run('replay', '--id', changeId(6), '--wait');
    expect(again).toEqual({
      code: 1,
      lines: [
        'orders: 1 replayed; 2 parked behind follow.',
        'orders: 0 completed, 1 failed again, 2 parked behind them.',
      ],
      errors: [],
    });
    mend();
    // One is as it should be, and of the other it is said.
    const some = await run('replay', '--id', changeId(6), '--id', changeId(1), '--wait');
    expect(some).toMatchObject({ code: 0, errors: [expect.stringMatching(/^ALREADY_COMPLETED: /)] });
    expect(some.lines.at(-1)).toBe('orders: 3 completed, 0 failed again.');
    const both = await Promise.all([run('replay', '--all'), run('replay', '--all', '--json')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    await expect.poll(() => stream.done.length).toBe(12);
    for (const key of [1, 2, 3])
      expect(stream.done.filter(n => n % 3 === key % 3)).toEqual([key, key + 3, key + 6, key + 9]);
  });

  it('says why nothing happens while it waits, and Ctrl+C ends the waiting', async () => {
    const { env, stream, mend } = await makeParked('fl_idle');
    mend();
    await stream.queue.pause();
    const stopping = new AbortController();
    const errors: string[] = [];
    const { code, lines } = await walmq(['replay', '--all', '--wait'], env, {
      interrupted: () => stopping.signal,
      printError: line => {
        errors.push(line);
        stopping.abort();
      },
    });
    expect(errors).toEqual(['orders: the queue is paused; its changes run when it is resumed.']);
    expect([code, lines.at(-1)]).toEqual([1, 'orders: 0 completed, 0 failed again, 9 still under way.']);
  });

  it('an interrupted replay says what it has not reached; run again, it goes on', async () => {
    const { env, run, stream, mend } = await makeParked('fl_cut');
    mend();
    const cut = await walmq(['replay', '--all'], env, { interrupted: () => AbortSignal.abort() });
    expect([cut.code, cut.lines]).toEqual([1, ['orders: 0 replayed, 3 not reached.']]);
    expect((await run('replay', '--all', '--wait')).code).toBe(0);
    expect(stream.done).toHaveLength(12);
  });

  it('asks before it discards, with the number and what it means', async () => {
    const { env, stream, mend } = await makeParked('fl_ask');
    const folder = await mkdtemp(join(tmpdir(), 'walmq-discard-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const to = join(folder, 'gone.jsonl');
    const asked: string[] = [];
    const answering = (answer: string) => ({
      ask: async (question: string) => {
        asked.push(question);
        return answer;
      },
    });
    const no = await walmq(['discard', '--all', '--to', to], env, answering('y'));
    expect([no.code, no.errors]).toEqual([1, ['NOT_CONFIRMED: nothing was discarded.']]);
    expect(asked).toEqual([
      '3 changes of queue orders are discarded, and 6 parked behind will run without them.\nType yes to go on: ',
    ]);
    expect(await readdir(folder)).toEqual([]);
    expect(await stream.queue.getFailedCount()).toBe(3);
    mend();
    const yes = await walmq(['discard', '--all', '--to', to], env, answering('yes'));
    expect(yes).toMatchObject({
      code: 0,
      lines: ['orders: 3 discarded; 6 parked behind run without them.', `Kept in ${to}.`],
    });
    expect((await stat(to)).mode & 0o777).toBe(0o600);
    await expect.poll(() => stream.done.length).toBe(9);
    for (const key of [1, 2, 3])
      expect(stream.done.filter(n => n % 3 === key % 3)).toEqual([key, key + 6, key + 9]);
  });
});
