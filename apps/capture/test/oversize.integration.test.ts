import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

/** Each byte of it takes six as JSON: 72 MB, where 64 MiB are allowed. */
const HUGE = "repeat(E'\\x01', 12000000)";

describe('a row that cannot be written as JSON', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('too large: it is parked by its key, but where the queue leaves the column out; everything else flows', async () => {
    const queues = {
      plain: { table: 'docs' },
      omitted: { table: 'docs', omit: ['body', 'bytes', 'parts'] },
      some: { table: 'docs', columns: ['note'] },
      bounded: { table: 'docs', maxBytes: 2000 },
      stripped: { table: 'docs', maxBytes: 2000, onOversize: { strip: ['body', 'bytes', 'parts'] } },
      masked: {
        table: 'docs',
        mask: { body: 'redact' as const, bytes: 'redact' as const, id: { truncate: 0 } },
      },
      byBody: { table: 'docs', orderBy: 'body' },
    };
    await using world = await CaptureWorld.create(servers, 'oversize', {
      schema: `CREATE TABLE docs (id int PRIMARY KEY, note text, body text, bytes bytea, parts text[])`,
      queues,
    });
    const { client } = world;
    const capture = await CaptureProcess.start({
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: { source: { slot: 'oversize' }, redis: { prefix: 'oversize' }, queues },
    });
    await client.query(`INSERT INTO docs VALUES (1, 'small', 'body')`);
    await client.query(`INSERT INTO docs (id, note, body) VALUES (2, 'huge', ${HUGE})`);
    await client.query(`UPDATE docs SET note = 'later' WHERE id = 2`);
    await client.query(
      `INSERT INTO docs (id, note, bytes) VALUES (3, 'bytes', decode(repeat('00', 51000000), 'hex'))`,
    );
    // Large, and not too large: many quotes, each an escape of PostgreSQL's and of JSON's.
    await client.query(
      `INSERT INTO docs (id, note, parts) VALUES (4, 'parts', ARRAY[repeat('"', 8000000), 'x'])`,
    );
    await client.query(`INSERT INTO docs VALUES (5, 'last')`);
    const of = async (queue: keyof typeof queues) => {
      const changes = await world.waitForChanges(queue, 6);
      return new Map(changes.map(change => [`${change.op} ${change.key?.id ?? ''}`, change]));
    };
    const tooLarge = (column: string) => ({
      before: null,
      after: null,
      shapeError: `the change takes more than 64 MiB as JSON, at public.docs.${column}: read the row by its key`,
    });
    const plain = await of('plain');
    expect([...plain.keys()]).toEqual([
      'insert 1',
      'insert 2',
      'update 2',
      'insert 3',
      'insert 4',
      'insert 5',
    ]);
    expect(plain.get('insert 2')).toMatchObject({ key: { id: 2 }, ...tooLarge('body') });
    expect(plain.get('insert 3')).toMatchObject({ key: { id: 3 }, ...tooLarge('bytes') });
    // With its old row in it.
    expect(plain.get('update 2')).toMatchObject({ key: { id: 2 }, ...tooLarge('body') });
    const parts = plain.get('insert 4')?.after?.parts as string[];
    expect(parts.map(part => part.length)).toEqual([8_000_000, 1]);
    // Only the row's own later change waits for it.
    expect(await world.redis.zcard('oversize:plain:waiting-children')).toBe(1);

    for (const queue of ['omitted', 'some'] as const) {
      const left = await of(queue);
      for (const change of left.values()) expect(change.shapeError).toBeUndefined();
      expect(left.get('insert 2')?.after).toMatchObject({ note: 'huge' });
    }
    const bounded = await of('bounded');
    expect(bounded.get('insert 2')).toMatchObject({
      key: { id: 2 },
      before: null,
      after: null,
      shapeError: expect.stringMatching(/its data has 72000\d+ bytes, and maxBytes of the queue is 2000/),
    });
    const stripped = await of('stripped');
    expect(stripped.get('insert 2')).toMatchObject({
      after: { id: 2, note: 'huge' },
      stripped: ['body', 'bytes', 'parts'],
    });
    expect(stripped.get('insert 3')).toMatchObject({ after: { id: 3, note: 'bytes' } });
    // What a queue hides is hidden in what stands for the change as well.
    const masked = await world.waitForChanges('masked', 6);
    const ofHuge = (change: Change) => change.id === plain.get('insert 2')?.id;
    expect(masked.find(ofHuge)?.key).toEqual({ id: '2'.slice(1) });
    expect(JSON.stringify(masked.find(ofHuge)).length).toBeLessThan(2000);
    await of('byBody');
    expect(await capture.metric('walmq_capture_changes_parked_total')).toBeGreaterThan(0);
    expect(capture.output).toContain('"event":"change:parked"');
    expect(capture.output).not.toContain('session:ended');
    expect(await capture.peakRssBytes()).toBeLessThan(600 * 1024 * 1024);
    expect(await capture.end('SIGTERM')).toBe(0);
  });

  it('bytes that are not UTF-8, which a SQL_ASCII database lets in: parked, never replaced', async () => {
    const queues = {
      docs: { table: 'docs' },
      omitted: { table: 'docs', omit: ['body'] },
      mails: { messages: true },
    };
    await using world = await CaptureWorld.create(servers, 'ascii', {
      encoding: 'SQL_ASCII',
      schema: `CREATE TABLE docs (id text PRIMARY KEY, body text, parts text[]); ALTER TABLE docs REPLICA IDENTITY FULL`,
      queues,
    });
    const { client } = world;
    const faults: unknown[] = [];
    const capture = world.capture({ 'change-parked': ({ reason }) => faults.push(reason) });
    const fc = `convert_from('\\xfc', 'SQL_ASCII')`;
    await client.query(`INSERT INTO docs VALUES ('1', 'Zürich')`);
    await client.query(`INSERT INTO docs VALUES ('2', ${fc})`);
    await client.query(`INSERT INTO docs VALUES ('3', 'x', ARRAY[${fc}])`);
    await client.query(`INSERT INTO docs VALUES (${fc}, 'its key')`);
    await client.query(`UPDATE docs SET body = 'again' WHERE id = ${fc}`);
    await client.query(`INSERT INTO docs VALUES ('4', 'behind it')`);
    await client.query(`SELECT pg_logical_emit_message(true, 'walmq.event.mails', '{"type":"t","key":"ü"}')`);
    await client
      .query(`SELECT pg_logical_emit_message(true, 'walmq.event.mails', '{"type":"\\xfc"}'::bytea)`)
      .catch(() => undefined);
    const docs = await world.waitForChanges('docs', 6);
    const reason = (where: string) => `${where} holds bytes that are not UTF-8: read the row by its key`;
    expect(docs.map(({ key, after, shapeError }) => [key, after, shapeError])).toEqual([
      [{ id: '1' }, { id: '1', body: 'Zürich', parts: null }, undefined],
      [{ id: '2' }, null, reason('public.docs')],
      [{ id: '3' }, null, reason('public.docs')],
      [null, null, reason('public.docs')],
      [null, null, reason('public.docs')],
      [{ id: '4' }, { id: '4', body: 'behind it', parts: null }, undefined],
    ]);
    // Without its key, and in its row's order even so.
    expect(await world.redis.zcard('ascii:docs:waiting-children')).toBe(1);
    const omitted = await world.waitForChanges('omitted', 6);
    expect(omitted[1]).toMatchObject({ after: { id: '2', parts: null } });
    expect((await world.waitForChanges('mails', 1))[0]?.after).toEqual({ type: 't', key: 'ü' });
    await capture.stop();
  });
});
