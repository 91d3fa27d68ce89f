import type { Change } from '@walmq/change';
import { publish } from '@walmq/outbox';
import { beginRewind, changeLogSchemaSql, sendPage } from '@walmq/sinks/change-log';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from '../apps/capture/test/capture-fixture.js';

const SCHEMA = `CREATE TABLE items (id integer PRIMARY KEY, owner integer NOT NULL, name text);
  ${changeLogSchemaSql}`;
const QUEUES = {
  items: { table: 'items', messages: true },
  by_owner: { table: 'items', orderBy: 'owner' },
  masked: { table: 'items', mask: { name: { truncate: 1 } } },
  where: { table: 'items', where: () => true },
  emails: { messages: true },
} satisfies Parameters<typeof CaptureWorld.create>[2]['queues'];
const ROW_QUEUES = ['items', 'by_owner', 'masked', 'where'];

const CHANGE = {
  id: '0000000000000001-0000000001',
  op: 'insert',
  schema: 'public',
  table: 'items',
  key: { id: 666 },
  before: null,
  after: { id: 666, owner: 1, name: 'forged' },
  tx: { xid: 1, lsn: '0/1', committedAt: '2026-01-01T00:00:00Z', seq: 1 },
};
const rewind = (change: object | string, queue = 'items') =>
  `${JSON.stringify(queue)}\n${typeof change === 'string' ? change : JSON.stringify(change)}`;
const brackets = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** What looks like a change that is sent again and is none, or none that its queue can take. */
const WRONG_REWINDS: [what: string, content: string][] = [
  ['nothing', ''],
  ['no change', rewind('null')],
  ['a list', rewind('[]')],
  ['an id that is none', rewind({ ...CHANGE, id: 'x' })],
  ['an id twice', rewind(JSON.stringify(CHANGE).replace('}}', '},"id":"0000000000000002-0000000001"}'))],
  ['its rows twice', rewind(JSON.stringify(CHANGE).replace('}}', '},"\\u0061fter":{"id":7}}'))],
  ['a column twice', rewind(JSON.stringify(CHANGE).replace('"owner"', '"id":1,"owner"'))],
  ['operations', rewind({ ...CHANGE, op: ['insert', 'x', 'y', 'z', '', '', '', '1', 'own-id', 'own-name'] })],
  ['no operation', rewind({ ...CHANGE, op: 'INSERT' })],
  ['an event', rewind({ ...CHANGE, op: 'message' })],
  ['no schema', rewind({ ...CHANGE, schema: 5 })],
  ['a row that is a list', rewind({ ...CHANGE, after: [1] })],
  ['no row', rewind({ ...CHANGE, after: undefined })],
  ['no names that differ', rewind({ ...CHANGE, changed: 5 }, 'masked')],
  ['names that are none', rewind({ ...CHANGE, unchanged: [1] }, 'masked')],
  ['no transaction', rewind({ ...CHANGE, tx: null })],
  ['a context that is none', rewind({ ...CHANGE, context: 'boss' })],
  ['no column that orders', rewind({ ...CHANGE, after: { id: 1 } }, 'by_owner')],
  ['another queue', rewind(CHANGE, 'where')],
  ['a table that no queue takes', rewind({ ...CHANGE, table: '__proto__' })],
  ['no queue', rewind(CHANGE, 'nobody')],
];

describe('messages of whoever may connect', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
    const admin = new Client(servers.postgres.url);
    await admin.connect();
    await admin.query("CREATE ROLE nobody_much LOGIN PASSWORD 'x'");
    await admin.end();
  });
  afterAll(() => stopServers(servers));

  async function create(name: string) {
    const world = await CaptureWorld.create(servers, name, { schema: SCHEMA, queues: QUEUES });
    const url = new URL(world.databaseUrl);
    [url.username, url.password] = ['nobody_much', 'x'];
    const stranger = new Client(url.href);
    await stranger.connect();
    const refused: string[] = [];
    const capture = world.capture({
      'event-malformed': ({ reason }) => refused.push(reason),
      'context-refused': ({ reason }) => refused.push(`context: ${reason}`),
    });
    const insert = (id: number) =>
      world.client.query('INSERT INTO items VALUES ($1, $2, $3)', [id, id % 3, `name ${id}`]);
    return {
      world,
      stranger,
      capture,
      refused,
      insert,
      async [Symbol.asyncDispose]() {
        await stranger.end();
        await world[Symbol.asyncDispose]();
      },
    };
  }
  const emit = (client: Client, prefix: string, content: string | Buffer, transactional = true) =>
    client.query('SELECT pg_logical_emit_message($1, $2, $3::bytea)', [
      transactional,
      prefix,
      Buffer.from(content),
    ]);
  const idsOf = (changes: Change[]) => changes.map(({ after }) => after?.id);

  it('make no row: only a rewind, which takes rights on its tables, sends a change again', async () => {
    await using it = await create('hostile_rewind');
    const { world, stranger, capture, refused, insert } = it;
    for (const [, content] of WRONG_REWINDS) await emit(stranger, 'walmq.rewind', content);
    await emit(stranger, 'walmq.rewind', rewind(CHANGE));
    await insert(1);
    await world.waitForChanges('items', 1);
    expect(refused).toHaveLength(WRONG_REWINDS.length + 1);
    expect(refused.at(-1)).toBe('a change to be sent again: no rewind sends it');

    // Who may write walmq's tables may send what is not true; it stops nothing even so, and means one change at most.
    const { client } = world;
    const options = {
      queue: 'items',
      tables: ['public.items'],
      from: '2026-01-01',
      to: '2027-01-01',
      key: null,
    };
    const { id } = await beginRewind(client, options);
    await client.query(`INSERT INTO walmq.change_log VALUES ($1, '2026-06-01', 'public', 'items', $2)`, [
      CHANGE.id,
      JSON.stringify(CHANGE),
    ]);
    refused.length = 0;
    await client.query('BEGIN');
    await client.query('INSERT INTO walmq.rewind_page (rewind_id) VALUES ($1)', [id]);
    for (const [, content] of WRONG_REWINDS) await emit(client, 'walmq.rewind', content);
    await emit(client, 'walmq.rewind', rewind({ ...CHANGE, context: { deep: JSON.parse(brackets(3000)) } }));
    await client.query('COMMIT');
    await insert(2);
    await world.waitForChanges('items', 3);
    expect(refused).toHaveLength(WRONG_REWINDS.length);

    expect(await sendPage(client, id, 500)).toBe(1);
    await insert(3);
    const changes = await world.waitForChanges('items', 5);
    expect(idsOf(changes)).toEqual([1, 666, 2, 666, 3]);
    const { id: ownId, ...again } = changes[3] as Change;
    const { id: rewound, ...kept } = CHANGE;
    expect(again).toEqual({ ...kept, rewound });
    for (const [changeId, key] of await world.jobKeys('items')) {
      const data = JSON.parse((await world.redis.hget(key, 'data')) as string) as Change;
      expect(data.id).toBe(changeId);
    }
    expect(ownId > (changes[2]?.id as string)).toBe(true);
    for (const queue of ['by_owner', 'masked', 'where'])
      expect(idsOf(await world.waitForChanges(queue, 3))).toEqual([1, 2, 3]);
    await capture.stop();
  });

  it('are no rows in a queue of rows, and park none', async () => {
    await using it = await create('hostile_events');
    const { world, stranger, capture, insert } = it;
    const options = { delayMs: 366 * 86_400_000 };
    for (const type of ['insert', 'delete', 'read'])
      await publish(stranger, 'items', { type, key: 1, payload: { id: 1 } });
    for (const key of [1, '1', 'public.items 1', '*', ''])
      await publish(stranger, 'items', { type: 'waits.long', key, options });
    await insert(1);
    const jobs = await world.waitForChanges('items', 6);
    expect(jobs.filter(({ op }) => op !== 'message').map(({ key }) => key)).toEqual([{ id: 1 }]);
    const waiting = await world.redis.lrange(`${world.config.queues.items?.prefix}:items:wait`, 0, -1);
    expect(waiting.map(id => id.slice(0, -7))).toEqual([jobs.at(-1)?.id]);
    const reasons = (await world.waitForChanges('walmq.dead-letter', 3)).map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(
      new Set(['its type is the name of an operation on rows, and its queue takes rows too']),
    );
    await capture.stop();
  });

  it('with half a surrogate pair, beside rows: each row is a job, once, and the event is malformed', async () => {
    await using it = await create('hostile_surrogate');
    const { world, stranger, capture, insert } = it;
    const event = { type: 'a', options: { deduplication: { id: 'order 😀'.slice(0, 7) } } };
    await expect(publish(stranger, 'emails', event)).rejects.toMatchObject({
      code: 'EVENT_INVALID',
      message: expect.stringContaining('options.deduplication.id'),
    });
    const { client } = world;
    await client.query('BEGIN');
    await insert(1);
    await emit(client, 'walmq.event.emails', JSON.stringify(event));
    await insert(2);
    await client.query('COMMIT');
    expect(idsOf(await world.waitForChanges('items', 2))).toEqual([1, 2]);
    const [malformed] = await world.waitForChanges('walmq.dead-letter', 1);
    expect(malformed?.reason).toMatch(/^options\.deduplication\.id: .*well-formed/);
    expect(await world.redis.llen(`${world.config.queues.items?.prefix}:items:wait`)).toBe(2);
    await capture.stop();
  });

  it('stop nothing and forge nothing, whatever they say', async () => {
    await using it = await create('hostile_fuzz');
    const { world, stranger, capture, insert } = it;
    const SENT = 600;
    const GOOD_EVERY = 20;
    let good = 0;
    for (const [index, message] of fc.sample(hostile, { numRuns: SENT, seed: SEED }).entries()) {
      const { prefix, content, transactional, kept } = message;
      await stranger.query('BEGIN');
      await emit(stranger, prefix, content, transactional);
      await stranger.query(kept ? 'COMMIT' : 'ROLLBACK');
      if (index % GOOD_EVERY !== 0) continue;
      // In one transaction with hostile messages, too: they are said before, between and after.
      good += 1;
      await world.client.query('BEGIN');
      if (!prefix.startsWith('walmq.event.')) await emit(world.client, prefix, content, transactional);
      await insert(good);
      await publish(world.client, 'emails', { type: 'good', key: good, payload: good });
      await world.client.query('COMMIT');
    }
    const wanted = Array.from({ length: good }, (_, index) => index + 1);
    const rowsOf = async (queue: string) =>
      (await world.changes(queue)).filter(({ op }) => op !== 'message') as Change[];
    for (const queue of ROW_QUEUES)
      await expect.poll(async () => idsOf(await rowsOf(queue)), { timeout: 60_000 }).toEqual(wanted);
    await world.waitUntilAcknowledged();
    for (const queue of ROW_QUEUES) {
      const rows = await rowsOf(queue);
      expect(idsOf(rows)).toEqual(wanted);
      for (const row of rows)
        expect(row).toMatchObject({ op: 'insert', schema: 'public', table: 'items', before: null });
      expect(rows.filter(({ rewound }) => rewound !== undefined)).toEqual([]);
    }
    const events = (await world.changes('emails')).map(({ after }) => after as Record<string, unknown>);
    expect(events.filter(({ type }) => type === 'good').map(({ payload }) => payload)).toEqual(wanted);
    for (const queue of Object.keys(world.config.queues)) {
      const keys = await world.jobKeys(queue);
      const all = (await world.redis.keys(`${world.config.queues[queue]?.prefix}:${queue}:*-*`)).filter(
        key => !/:(de|walmq):|:(waiting-children|stalled-check)$|:dependencies$/.test(key),
      );
      // No job of anybody's choice: every hash is a change of the stream's, named as its data says.
      expect(all.sort()).toEqual([...keys.values()].sort());
      for (const [id, key] of keys) {
        const [name, data] = await world.redis.hmget(key, 'name', 'data');
        const change = JSON.parse(data as string) as Change;
        expect(change.id).toBe(id);
        expect(change.op === 'message' || change.op === name).toBe(true);
        if (change.op === 'message' && queue !== 'walmq.dead-letter') expect(change.after?.type).toBe(name);
      }
    }
    await capture.stop();
  });
});

const SEED = 20_261_129;

const HALVES = ['\\ud83d', '\\ude00', '\\u0000', '__proto__', 'constructor', 'toString', 'insert', '', '*'];
/** JSON texts of every kind, most of them unfit for where they stand. */
const value: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    'null',
    'true',
    '-0',
    '1e400',
    '9007199254740993',
    '1.5',
    '[]',
    '{}',
    '""',
    '{"a":1,"a":2}',
  ),
  fc.constantFrom(...HALVES).map(text => `"${text}"`),
  fc.constantFrom(150, 2000, 20_000, 100_000).map(brackets),
  fc.nat({ max: 2000 }).map(length => JSON.stringify('x'.repeat(length))),
);
const names = [
  'id',
  'op',
  'schema',
  'table',
  'key',
  'before',
  'after',
  'changed',
  'unchanged',
  'tx',
  'context',
];
const eventNames = ['type', 'key', 'payload', 'headers', 'options', 'mark', 'token', 'actor', 'traceparent'];
const name = fc.oneof(
  fc.constantFrom(...names, ...eventNames, ...HALVES),
  fc.constantFrom('tracestate', 'rewound'),
);
/** An object that says anything, also twice. */
const anything = fc
  .array(fc.tuple(name, value), { maxLength: 8 })
  .map(members => `{${members.map(([key, json]) => `"${key}":${json}`).join(',')}}`);
/** One that is right but for a member or two. */
const nearly = (right: object) =>
  fc
    .tuple(fc.constant(right), fc.array(fc.tuple(name, value), { maxLength: 2 }))
    .map(([object, members]) =>
      members.reduce((json, [key, text]) => `${json.slice(0, -1)},"${key}":${text}}`, JSON.stringify(object)),
    );
const option = fc.constantFrom(
  'delayMs',
  'priority',
  'attempts',
  'deduplication',
  'delay',
  'jobId',
  'repeat',
  'parent',
);
const options = fc
  .array(fc.tuple(option, value), { maxLength: 3 })
  .map(members => `{${members.map(([key, json]) => `"${key}":${json}`).join(',')}}`);
const event = fc.oneof(
  nearly({ type: 'a', key: 1 }),
  options.map(json => `{"type":"a","key":1,"options":${json}}`),
  fc
    .nat({ max: Number.MAX_SAFE_INTEGER })
    .map(
      ms => `{"type":"a","options":{"priority":${ms % 2_097_153},"deduplication":{"id":"x","ttlMs":${ms}}}}`,
    ),
);
const text = fc.oneof(
  anything,
  value,
  event,
  nearly({ mark: 'high', token: 'x' }),
  nearly({ actor: 'boss', traceparent: '00-1-2-01' }),
  nearly(CHANGE).map(json => rewind(json)),
  fc.tuple(anything, fc.constantFrom(...ROW_QUEUES)).map(([json, queue]) => rewind(json, queue)),
);
const hostile = fc.record({
  prefix: fc.oneof(
    fc.constantFrom(
      'walmq.rewind',
      'walmq.watermark',
      'walmq.context',
      'walmq.event.emails',
      'walmq.event.items',
    ),
    fc.constantFrom(
      'walmq.event.',
      'walmq.event.__proto__',
      'walmq.event.walmq.dead-letter',
      'walmq.',
      'walmq.rewind ',
    ),
  ),
  content: fc.oneof(
    { arbitrary: text.map(content => Buffer.from(content)), weight: 9 },
    { arbitrary: fc.uint8Array({ maxLength: 500 }).map(bytes => Buffer.from(bytes)), weight: 1 },
  ),
  transactional: fc.boolean(),
  kept: fc.integer({ min: 0, max: 9 }).map(n => n > 0),
});
