import type { Change } from '@walmq/change';
import { publish } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

/** Texts that are other bytes in the database's encoding than in UTF-8, and that UTF-8 would refuse or misread. */
const TEXTS: readonly (readonly [encoding: string, text: string])[] = [
  ['LATIN1', 'Zürich Ã¼ ÿ'],
  ['EUC_JP', '東京タワー ｱｲｳ'],
];

describe('a database whose encoding is not UTF-8', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it.each(TEXTS)(
    '%s: rows, events, contexts and rewinds hold the text that was committed',
    async (encoding, text) => {
      const name = `encoded_${encoding.toLowerCase()}`;
      const queues = { docs: { table: 'docs' }, mails: { messages: true } };
      await using world = await CaptureWorld.create(servers, name, {
        encoding,
        schema: 'CREATE TABLE docs (id text PRIMARY KEY, body text)',
        queues,
      });
      const { client } = world;
      const setting = (malformed: boolean) => ({
        databaseUrl: world.databaseUrl,
        redisUrl: servers.redis.url,
        config: {
          source: { slot: name },
          redis: { prefix: name },
          queues: malformed
            ? { docs: queues.docs, others: { messages: true } }
            : { ...queues, others: { messages: true } },
        },
      });
      await runWalmq(['setup', '--change-log'], setting(false));
      // A queue that is not there yet: its event is kept, and sent again later.
      const first = await CaptureProcess.start(setting(true));
      await client.query('BEGIN');
      await client.query("SELECT pg_logical_emit_message(true, 'walmq.context', $1::text)", [
        JSON.stringify({ actor: text }),
      ]);
      await publish(client, 'mails', { type: text, key: text, payload: { text } });
      await client.query('INSERT INTO docs VALUES ($1, $1)', [text]);
      await client.query('COMMIT');
      const [inserted] = (await world.waitForChanges('docs', 1)) as [Change];
      expect(inserted).toMatchObject({
        key: { id: text },
        after: { id: text, body: text },
        context: { actor: text },
      });
      await expect
        .poll(() => world.redis.zcard(`${name}:walmq.dead-letter:failed`), { timeout: 30_000 })
        .toBe(1);
      expect(await first.end('SIGTERM')).toBe(0);

      const second = await CaptureProcess.start(setting(false));
      await second.waitFor('stream:started');
      await runWalmq(['replay', '--queue', 'walmq.dead-letter', '--all'], setting(false));
      const [sentAgain] = (await world.waitForChanges('mails', 1)) as [Change];
      await publish(client, 'mails', { type: text, key: text, payload: { text } });
      const mails = await world.waitForChanges('mails', 2);
      for (const mail of [sentAgain, ...mails])
        expect(mail).toMatchObject({
          key: { key: text },
          after: { type: text, key: text, payload: { text } },
        });

      const { id, ...rest } = inserted;
      await client.query(
        `INSERT INTO walmq.change_log (change_id, committed_at, schema_name, table_name, key, change)
       VALUES ($1, $2, 'public', 'docs', $3, $4)`,
        [id, inserted.tx.committedAt, inserted.key, JSON.stringify({ id, ...rest })],
      );
      await runWalmq(
        ['rewind', '--queue', 'docs', '--from', '1d', '--key', `id=${text}`, '--yes'],
        setting(false),
      );
      const docs = await world.waitForChanges('docs', 2);
      expect(docs[1]).toEqual({ ...inserted, id: docs[1]?.id, rewound: id });
      // Behind the row's first change, which nobody has processed.
      expect(await world.redis.zcard(`${name}:docs:waiting-children`)).toBe(1);

      await client.query('BEGIN');
      await client.query("SELECT pg_logical_emit_message(true, 'walmq.context', '\\x8e'::bytea)");
      await client.query(`UPDATE docs SET body = 'without a context'`);
      await client.query('COMMIT');
      const [, , updated] = await world.waitForChanges('docs', 3);
      expect(updated?.context).toBeUndefined();
      expect(await second.end('SIGTERM')).toBe(0);
    },
  );
});
