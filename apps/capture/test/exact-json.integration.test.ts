import { type Change, type Json, jsonMembers, parseExactJson } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const LARGE = `1${'0'.repeat(400)}`;
const LONG = '12345678901234567890.123456789';

/** What PostgreSQL holds and JavaScript does not: numbers beyond a double, and two kinds of null. */
describe('json and jsonb, in the text of a job', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('keep every digit and tell JSON null from NULL, whatever the queue does to the change', async () => {
    await using world = await CaptureWorld.create(servers, 'exact_json', {
      schema: `CREATE DOMAIN document AS jsonb;
        CREATE TABLE docs (id integer PRIMARY KEY, doc document, plain json, list jsonb[], name text)`,
      queues: {
        whole: { table: 'docs' },
        masked: { table: 'docs', mask: { name: 'redact' }, omit: ['plain'] },
        transformed: {
          table: 'docs',
          transform: change => ({
            ...change,
            after: change.after && { ...change.after, copy: change.after.doc as Json },
          }),
        },
      },
    });
    const capture = world.capture();
    await world.client.query(
      `INSERT INTO docs VALUES (1, '{"n": 1e400, "m": [${LONG}]}', '{"n":1e400,  "m":-1E-400}', NULL, 'a')`,
    );
    await world.client.query(
      `UPDATE docs SET doc = 'null', plain = ' null ', list = ARRAY['1', 'null', NULL, '"null"', '{"a":null}']::jsonb[]`,
    );
    await world.client.query('UPDATE docs SET doc = NULL, plain = NULL, list = NULL');
    await world.waitUntilAcknowledged();
    await capture.stop();

    const texts = async (queue: string) => {
      const keys = [...(await world.jobKeys(queue))].sort(([a], [b]) => (a < b ? -1 : 1));
      return await Promise.all(keys.map(async ([, key]) => (await world.redis.hget(key, 'data')) as string));
    };
    const column = (text: string, name: string) =>
      jsonMembers(jsonMembers(text)?.get('after') ?? '{}')
        ?.get(name)
        ?.replaceAll(/\s/g, '');
    for (const queue of ['whole', 'masked', 'transformed']) {
      const [insert = ''] = await texts(queue);
      expect([queue, column(insert, 'doc')]).toEqual([queue, `{"m":[${LONG}],"n":${LARGE}}`]);
      const exact = parseExactJson(insert) as unknown as Change;
      expect(exact.after?.doc).toEqual({ n: LARGE, m: [LONG] });
      if (queue !== 'masked') expect(exact.after?.plain).toEqual({ n: '1e400', m: '-1E-400' });
      if (queue === 'transformed') expect(exact.after?.copy).toEqual({ n: LARGE, m: [LONG] });
    }
    const nulls = async (queue: string) => (await world.changes(queue)).map(({ jsonNulls }) => jsonNulls);
    const all = ['doc', 'plain', 'list[1]'];
    expect(await nulls('whole')).toEqual([undefined, { after: all }, { before: all }]);
    expect(await nulls('transformed')).toEqual([undefined, { after: all }, { before: all }]);
    const shown = ['doc', 'list[1]'];
    expect(await nulls('masked')).toEqual([undefined, { after: shown }, { before: shown }]);
    const [, second, third] = await world.changes('whole');
    expect(second?.after).toMatchObject({
      doc: null,
      plain: null,
      list: [1, null, null, 'null', { a: null }],
    });
    expect(third?.changed).toEqual(['doc', 'plain', 'list']);
  });
});
