import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPosition, parsePosition } from '@walmq/change';
import { parseConfig, resolveConfig } from '@walmq/config';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { connectProducer, Enqueuer } from '@walmq/fanout';
import { changeId, jobId } from '@walmq/operations/replay-fixture';
import { CAPTURE_SCHEMA } from '@walmq/setup';
import { type Job, Queue, Worker } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld } from './cli-fixture.js';

interface Data {
  readonly id: string;
  readonly after: { readonly id: number; readonly total: number };
  readonly corrected?: unknown;
}

describe('walmq correct, pause-key, resume-key', () => {
  let postgres: EmbeddedPostgres;
  let redis: EmbeddedRedis;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** A queue of orders with the real enqueuer; a worker refuses a negative total. */
  async function makeWorld(name: string, { mask }: { readonly mask?: Record<string, 'redact'> } = {}) {
    const orders = { table: 'orders', attempts: 1, ...(mask && { mask }) };
    const world = await CliWorld.create({ postgres, redis }, name, {
      schema: `CREATE TABLE orders (id int PRIMARY KEY, total int); ${CAPTURE_SCHEMA.sql}`,
      queues: { orders },
    });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const connection = { url: redis.url };
    const queue = new Queue<Data>('orders', { connection, prefix: name });
    onTestFinished(() => queue.close());
    const { queues } = resolveConfig(parseConfig({ redis: { prefix: name }, queues: { orders } }, 'test'));
    const checkpointKey = `${name}:walmq:checkpoint:test`;
    const start = formatPosition({ ...parsePosition(changeId(1)), seq: 0 });
    await world.redis.hset(checkpointKey, 'position', start);
    const enqueuer = new Enqueuer({
      connect: async () => ({ redis: await connectProducer(redis.url), confirm: async () => undefined }),
      queues: Object.values(queues),
      shard: 0,
      checkpointKey,
      position: start,
      limits: { jobs: 100, bytes: 1_000_000 },
      batchesInFlight: 2,
      onEnqueued: () => undefined,
      onDurable: () => undefined,
      onPause: () => undefined,
      onResume: () => undefined,
    });
    onTestFinished(() => enqueuer.close());
    const done: (readonly [number, number])[] = [];
    const worker = new Worker<Data>(
      'orders',
      async ({ data: { after } }: Job<Data>) => {
        if (after.total < 0) throw new Error('a total is negative');
        done.push([after.id, after.total]);
      },
      { connection, prefix: name, autorun: false },
    );
    onTestFinished(() => worker.close());
    return {
      world,
      queue,
      worker,
      done,
      async enqueue(n: number, id: number, total: number) {
        const tx = { xid: 1, lsn: '0/19F2B40', committedAt: '2026-01-31T10:00:00.000000Z', seq: n };
        const row = { id, total };
        const change = {
          id: changeId(n),
          op: 'insert',
          schema: 'public',
          table: 'orders',
          key: { id },
          before: null,
          after: row,
          tx,
        };
        const job = {
          queue: 0,
          id: jobId(n),
          name: 'insert',
          data: JSON.stringify(change),
          orderingKeys: [`"${id}"`],
        };
        await enqueuer.add([job], changeId(n));
        await enqueuer.drain();
      },
    };
  }

  it('hands on a corrected copy in its place, runs it again, and keeps the original', async () => {
    const { world, queue, worker, done, enqueue } = await makeWorld('md_correct');
    await enqueue(1, 42, -5);
    await enqueue(2, 42, 7);
    void worker.run();
    await expect.poll(() => queue.getFailedCount()).toBe(1);

    const printed = await world.run('correct', jobId(1));
    expect(printed.code).toBe(0);
    const change = JSON.parse(printed.lines.join('')) as Data;
    const folder = await mkdtemp(join(tmpdir(), 'walmq-mend-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'data.json');

    await writeFile(file, JSON.stringify({ ...change, after: { id: 43, total: 5 } }));
    const refused = await world.run('correct', jobId(1), '--file', file, '--yes');
    expect(refused.errors.join('')).toMatch(/CORRECTION_INVALID.*"after"\."id" stays/);

    await writeFile(file, JSON.stringify({ ...change, after: { id: 42, total: 5 } }));
    const unconfirmed = await world.run('correct', jobId(1), '--file', file);
    expect(unconfirmed.errors.join('')).toMatch(/NOT_CONFIRMED.*after\.total/);
    expect(done).toEqual([]);

    const args = ['--file', file, '--yes', '--as', 'mia', '--because', 'a typing error'];
    const { code, lines } = await world.run('correct', jobId(1), ...args);
    expect([code, ...lines]).toEqual([0, `orders, ${jobId(1)}: after.total corrected, and runs again.`]);
    await expect
      .poll(() => done)
      .toEqual([
        [42, 5],
        [42, 7],
      ]);

    const log = (await world.run('log', '--json', '--change', changeId(1))).lines.map(line =>
      JSON.parse(line),
    );
    expect(log).toMatchObject([
      { who: 'mia', action: 'replay', outcome: 'done' },
      {
        who: 'mia',
        action: 'correct',
        table: 'orders',
        key: '{"id":42}',
        reason: 'a typing error',
        outcome: 'done',
      },
    ]);
    const [, correct] = log;
    expect(JSON.parse(correct.original).after).toEqual({ id: 42, total: -5 });
    expect(JSON.parse(correct.corrected)).toMatchObject({
      id: changeId(1),
      after: { total: 5 },
      corrected: { by: 'mia' },
    });
    const { logs } = await queue.getJobLogs(jobId(1));
    expect(logs).toEqual([expect.stringMatching(/corrected by mia \(after\.total\): a typing error/)]);
    const original = await world.run('correct', jobId(1), '--original');
    expect(JSON.parse(original.lines.join('')).after.total).toBe(-5);
    // What has run is not corrected.
    await writeFile(file, JSON.stringify({ after: { id: 42, total: 6 } }));
    const late = await world.run('correct', jobId(1), '--file', file, '--yes');
    expect(late.errors.join('')).toMatch(/ALREADY_COMPLETED/);
  });

  it('corrects a waiting change while its key is paused', async () => {
    const { world, worker, done, enqueue } = await makeWorld('md_waiting');
    await enqueue(1, 42, -5);
    const paused = await world.run(
      'pause-key',
      'orders',
      'id= 042',
      '--as',
      'mia',
      '--because',
      'wrong price',
    );
    expect([paused.code, ...paused.lines, ...paused.errors]).toEqual([
      0,
      `orders, orders id=42: Paused. Change ${changeId(1)} and all later ones wait.`,
    ]);
    void worker.run();
    await enqueue(2, 43, 1);
    await expect.poll(() => done).toEqual([[43, 1]]);

    const folder = await mkdtemp(join(tmpdir(), 'walmq-mend-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'data.json');
    await writeFile(file, '{"after":{"id":42,"total":5}}');
    expect((await world.run('correct', jobId(1), '--file', file, '--yes')).code).toBe(0);

    const listed = await world.run('resume-key', 'orders');
    expect(listed.lines).toEqual([
      expect.stringMatching(/^orders id=42 {2}since .* {2}by mia: wrong price$/),
    ]);
    const status = await world.run('status', '--json');
    expect(status.lines.join('')).toMatch(/KEYS_PAUSED/);
    expect((await world.run('replay', '--id', jobId(1))).errors.join('')).toMatch(/Its key is paused/);

    expect((await world.run('resume-key', 'orders', '42')).lines).toEqual(['orders, orders id=42: resumed.']);
    await expect
      .poll(() => done)
      .toEqual([
        [43, 1],
        [42, 5],
      ]);
    const again = await world.run('resume-key', 'orders', '42');
    expect([again.code, again.errors.join('')]).toEqual([1, expect.stringMatching(/KEY_NOT_PAUSED/)]);
    const { lines } = await world.run('log', '--json');
    expect(lines.map(line => JSON.parse(line).action)).toEqual([
      'resume-key',
      'resume-key',
      'correct',
      'pause-key',
    ]);
  });

  it('writes the key of a queue that masks it as the queue shows it', async () => {
    const { world } = await makeWorld('md_masked', { mask: { id: 'redact' } });
    const { code, lines } = await world.run('pause-key', 'orders', '4242');
    expect([code, lines[0]]).toEqual([0, expect.stringMatching(/^orders, orders id=\[redacted\]: Paused/)]);
    const log = (await world.run('log', '--json')).lines.join('');
    expect(JSON.parse(log)).toMatchObject({ action: 'pause-key', key: 'orders id=[redacted]' });
    expect(log).not.toContain('4242');
  });

  it.each([
    [['pause-key', 'items', '1'], /QUEUE_UNKNOWN/],
    [['pause-key', 'orders', 'forty'], /KEY_INVALID.*"forty" is no value of id, which is integer/],
    [['pause-key', 'orders', '1', '2'], /KEY_INVALID.*\(id\)/],
    [['pause-key', 'orders', '1', '--table', 'items'], /TABLE_NOT_IN_QUEUE/],
    [['correct', 'nothing'], /CHANGE_UNKNOWN/],
  ])('refuses %j in a sentence', async (args, expected) => {
    const { world } = await makeWorld(`md_refuse_${args.join('').replaceAll(/\W/g, '')}`);
    const { code, errors } = await world.run(...args);
    expect(code).toBe(1);
    expect(errors.join('')).toMatch(expected);
  });
});
