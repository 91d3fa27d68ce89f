import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WalmqConfigInput } from '@walmq/config';
import { outbox, outboxSchemaSql, publish } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { workerSchemaSql } from '@walmq/worker';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

const SCHEMA = `${workerSchemaSql}
  ${outboxSchemaSql({ schema: 'public', table: 'outbox' })}
  ALTER TABLE outbox ADD stamp bytea`;
const BEFORE = { payments: { outbox: 'payment' }, emails: { messages: true } };
const AFTER = { payments: { outbox: ['payment', 'refund'] }, emails: BEFORE.emails, receipts: BEFORE.emails };
const REASONS = {
  queue: 'no queue of that name takes messages',
  json: 'it is not JSON',
  size: expect.stringMatching(/^it has 1048586 bytes, and 1048576 are allowed$/) as string,
  aggregate: 'no queue takes its aggregate type',
};

describe('malformed events', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  async function create(name: string) {
    const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: AFTER });
    onTestFinished(() => world[Symbol.asyncDispose]());
    const { source, redis } = world.config;
    const setting = (queues: WalmqConfigInput['queues'], others: Partial<WalmqConfigInput> = {}) => ({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: source.slot }, redis: { prefix: redis.prefix }, queues, ...others },
    });
    const [queue, former] = ['walmq.dead-letter', 'walmq.malformed'].map(queueName => {
      const opened = new Queue(queueName, { connection: { url: servers.redis.url }, prefix: redis.prefix });
      onTestFinished(() => opened.close());
      return opened;
    }) as [Queue, Queue];
    const failed = async (queues: WalmqConfigInput['queues']) =>
      (await runWalmq(['failed', '--list', '--json'], setting(queues)))
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { id: string; reason: string; queue: string });
    return { world, client: world.client, setting, queue, former, failed };
  }

  it('fail at once with their reason; replayed once a queue takes them, they are sent again, once and whole', async () => {
    const { world, client, setting, queue, failed } = await create('malformed_replayed');
    const first = await CaptureProcess.start(setting(BEFORE));
    const message = '{"type": "receipt.asked", "key": 7, "payload": [12345678901234567890.12] }';
    const emit = (name: string, content: string) =>
      client.query('SELECT pg_logical_emit_message(true, $1, $2::text)', [`walmq.event.${name}`, content]);
    await emit('receipts', message);
    await emit('emails', '{"type": "a"');
    await emit('emails', `{"type":"a"}${' '.repeat(1024 * 1024 - 2)}`);
    await client.query(
      `INSERT INTO outbox (aggregate_type, aggregate_id, type, payload, stamp)
       VALUES ('refund', '7', 'refund.paid', '{"total": 12345678901234567890.12}', '\\x00ff5c')`,
    );
    await publish(client, 'emails', { type: 'good' });
    await world.waitForChanges('emails', 1);
    await expect.poll(() => queue.getFailedCount(), { timeout: 30_000 }).toBe(4);
    expect(await first.metric('walmq_capture_events_malformed_total')).toBe(4);
    const listed = await failed(BEFORE);
    expect(listed.sort((a, b) => (a.id < b.id ? -1 : 1))).toMatchObject([
      { queue: 'walmq.dead-letter', reason: REASONS.queue, attempts: 1 },
      { reason: REASONS.json },
      { reason: REASONS.size },
      { reason: REASONS.aggregate },
    ]);

    // As it was, it is refused as it was.
    const replay = ['replay', '--queue', 'walmq.dead-letter', '--all', '--wait'];
    await expect(runWalmq(replay, setting(BEFORE))).rejects.toThrow();
    expect((await failed(BEFORE)).map(({ reason }) => reason).sort()).toEqual(
      listed.map(({ reason }) => reason).sort(),
    );
    expect(await first.end('SIGTERM')).toBe(0);

    const second = await CaptureProcess.start(setting(AFTER));
    await second.waitFor('stream:started');
    await expect(runWalmq(replay, setting(AFTER))).rejects.toThrow(); // two of them are still what they were
    const [receipt] = await world.waitForChanges('receipts', 1);
    const [refund] = await world.waitForChanges('payments', 1);
    const rawOf = async (name: string, id: string | undefined) =>
      await world.redis.hget((await world.jobKeys(name)).get(id as string) as string, 'data');
    expect(await rawOf('receipts', receipt?.id)).toContain(`"after":${message},`);
    expect(await rawOf('payments', refund?.id)).toContain('12345678901234567890.12');
    expect(refund?.after).toMatchObject({ id: '1', aggregate_id: '7', stamp: 'AP9c' });
    const { rows } = await client.query("SELECT id, encode(stamp, 'hex') AS stamp FROM outbox");
    expect(rows).toEqual([{ id: '1', stamp: '00ff5c' }]);
    expect((await failed(AFTER)).map(({ reason }) => reason).sort()).toEqual([REASONS.size, REASONS.json]);

    // Whoever presses retry on what is done: it is not sent once more.
    const [done] = await queue.getCompleted();
    const finishedOn = done?.finishedOn as number;
    await done?.retry('completed');
    const finishedAgain = async () => (await queue.getJob(done?.id as string))?.finishedOn ?? 0;
    await expect.poll(finishedAgain, { timeout: 30_000 }).toBeGreaterThan(finishedOn);
    await publish(client, 'receipts', { type: 'last' });
    const receipts = await world.waitForChanges('receipts', 2);
    expect(receipts[1]?.after).toEqual({ type: 'last' });
    await world.waitForChanges('payments', 1);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('can be taken out into a file, with their bytes', async () => {
    const { client, setting, queue } = await create('malformed_discarded');
    const capture = await CaptureProcess.start(setting(BEFORE));
    await outbox(client).publish({ aggregateType: 'typo', type: 'a' });
    await client.query("SELECT pg_logical_emit_message(true, 'walmq.event.emails', '\\xff00'::bytea)");
    await expect.poll(() => queue.getFailedCount(), { timeout: 30_000 }).toBe(2);
    const folder = await mkdtemp(join(tmpdir(), 'walmq-malformed-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'malformed.jsonl');
    await runWalmq(
      ['discard', '--queue', 'walmq.dead-letter', '--all', '--yes', '--to', file],
      setting(BEFORE),
    );
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines.map(line => (JSON.parse(line) as { data: unknown }).data)).toMatchObject([
      { reason: REASONS.aggregate, after: { aggregate_type: 'typo' } },
      {
        reason: 'it is not UTF-8',
        after: { queue: 'emails', bytes: 2, content: Buffer.from([255, 0]).toString('base64') },
      },
    ]);
    expect(await queue.getFailedCount()).toBe(0);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('of an earlier version stay in its queue, are listed, replayed and discarded there; new ones have the new queue', async () => {
    const { world, client, setting, queue, former, failed } = await create('malformed_former');
    const jobsOf = (status: string) =>
      (JSON.parse(status) as { queues: { name: string; failed: number }[] }).queues
        .filter(({ name }) => name.startsWith('walmq.'))
        .map(({ name, failed }) => [name, failed]);
    const status = async () => jobsOf(await runWalmq(['status', '--json'], setting(BEFORE)));

    // Earlier versions put events into this queue by default.
    const earlier = await CaptureProcess.start(setting(BEFORE, { malformed: 'walmq.malformed' }));
    await earlier.waitFor('config:warning');
    await publish(client, 'receipts', { type: 'receipt.asked' });
    await publish(client, 'nobody', { type: 'for.nobody' });
    await expect.poll(() => former.getFailedCount(), { timeout: 30_000 }).toBe(2);
    expect(await earlier.end('SIGTERM')).toBe(0);

    const today = await CaptureProcess.start(setting(AFTER));
    await publish(client, 'nobody', { type: 'for.nobody' });
    await expect.poll(() => queue.getFailedCount(), { timeout: 30_000 }).toBe(1);
    expect(await former.getFailedCount()).toBe(2);
    expect((await failed(AFTER)).map(each => each.queue).sort()).toEqual([
      'walmq.dead-letter',
      'walmq.malformed',
      'walmq.malformed',
    ]);
    expect(await status()).toEqual([
      ['walmq.malformed', 2],
      ['walmq.dead-letter', 1],
    ]);

    const replay = ['replay', '--queue', 'walmq.malformed', '--all', '--wait'];
    await expect(runWalmq(replay, setting(AFTER))).rejects.toThrow(); // nobody takes the second one
    expect(await world.waitForChanges('receipts', 1)).toMatchObject([{ after: { type: 'receipt.asked' } }]);
    const folder = await mkdtemp(join(tmpdir(), 'walmq-malformed-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const discard = [
      'discard',
      '--queue',
      'walmq.malformed',
      '--all',
      '--yes',
      '--to',
      join(folder, 'bad.jsonl'),
    ];
    await runWalmq(discard, setting(AFTER));
    // An empty former queue is not shown.
    expect(await status()).toEqual([['walmq.dead-letter', 1]]);
    expect(await today.end('SIGTERM')).toBe(0);
  });
});
