import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const WAIT = { timeout: 30_000 };

/** Types, columns and keys are those of the moment at which a change was made, whenever it is read. */
describe('the catalog, asked about a change', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const seen = (changes: readonly Change[]) => changes.map(({ op, key, after }) => [op, key, after]);

  /** Whether each job of a queue waits for an earlier one. */
  async function parked(world: CaptureWorld, queue: string): Promise<boolean[]> {
    const keys = [...(await world.jobKeys(queue))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
    const scores = keys.map(key => {
      const at = key.lastIndexOf(':');
      return world.redis.zscore(`${key.slice(0, at)}:waiting-children`, key.slice(at + 1));
    });
    return (await Promise.all(scores)).map(score => score !== null);
  }

  describe('before anyone sees its transaction, as with a synchronous standby that hangs', () => {
    it('waits until it does, and goes on telling the server that it is there', async () => {
      await using world = await CaptureWorld.create(servers, 'catalog_early', {
        schema: `CREATE TABLE items (id integer PRIMARY KEY, code integer NOT NULL, name text);
                 CREATE TABLE others (id integer PRIMARY KEY, name text);
                 CREATE TABLE news (n integer);
                 CREATE TABLE unread (n integer)`,
        queues: { items: { table: 'items' }, others: { table: 'others' }, news: { table: 'news' } },
      });
      await world.client.query('DROP TABLE news');
      const sessions = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const session = new Client({ connectionString: world.databaseUrl, application_name: 'hidden' });
          await session.connect();
          return session;
        }),
      );
      const standby = async (change: string) => {
        await world.client.query(`ALTER SYSTEM ${change}`);
        await world.client.query('SELECT pg_reload_conf()');
      };
      const waiting = async () => {
        const { rows } = await world.client.query(
          "SELECT FROM pg_stat_activity WHERE application_name = 'hidden' AND wait_event = 'SyncRep' AND datname = current_database()",
        );
        return rows.length;
      };
      const waits: string[] = [];
      let shown = 0;
      const capture = world.capture({
        paused: event => event.cause === 'visibility' && waits.push(event.reason),
        resumed: ({ cause }) => {
          if (cause === 'visibility') shown += 1;
        },
      });
      const hidden: Promise<unknown>[] = [];
      try {
        await world.client.query("INSERT INTO items VALUES (1, 10, 'a')");
        await world.waitForChanges('items', 1);
        await standby("SET synchronous_standby_names = 'nobody'");
        await world.client.query('SET synchronous_commit = local');
        const hides = async (session: Client | undefined, sql: string) => {
          const before = await waiting();
          let ended = false;
          const made = session?.query(sql).finally(() => {
            ended = true;
          });
          await vi.waitUntil(async () => ended || (await waiting()) > before, WAIT);
          if (!ended) hidden.push(made as Promise<unknown>);
          return !ended;
        };
        // Commits wait once the checkpointer has heard of the setting.
        await vi.waitUntil(() => hides(sessions[0], 'INSERT INTO unread VALUES (1)'), WAIT);

        // Rows of a table that the transaction leaves as it is do not wait.
        expect(await hides(sessions[1], "INSERT INTO others VALUES (1, 'x')")).toBe(true);
        await world.waitForChanges('others', 1);
        const made = `BEGIN;
          CREATE TYPE mood AS ENUM ('sad', 'happy');
          CREATE DOMAIN quantity AS integer;
          CREATE TABLE news (id quantity PRIMARY KEY, moods mood[], counts quantity[]);
          ALTER TABLE news REPLICA IDENTITY FULL;
          ALTER PUBLICATION walmq ADD TABLE news;
          INSERT INTO news VALUES (7, '{sad}', '{1,2}');
          COMMIT`;
        expect(await hides(sessions[2], made)).toBe(true);
        await expect.poll(() => waits, WAIT).toHaveLength(1);
        expect(waits[0]).toMatch(/^transaction \d+ has made or altered news, .*standby/);
        const rekeyed = `BEGIN;
          ALTER TABLE items DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (code);
          INSERT INTO items VALUES (1, 20, 'b');
          COMMIT`;
        expect(await hides(sessions[3], rekeyed)).toBe(true);
        const replied = async () =>
          (
            await world.client.query<{ at: Date }>(
              "SELECT reply_time AS at FROM pg_stat_replication WHERE application_name <> 'nobody' ORDER BY 1 DESC LIMIT 1",
            )
          ).rows[0]?.at as Date;
        const last = await replied();
        await expect.poll(replied, WAIT).not.toEqual(last);
        expect(await world.changes('news')).toEqual([]);
        expect(await world.changes('items')).toHaveLength(1);
      } finally {
        await standby('RESET synchronous_standby_names');
        await Promise.all(hidden);
        await Promise.all(sessions.map(session => session.end()));
      }
      expect(seen(await world.waitForChanges('news', 1))).toEqual([
        ['insert', { id: 7 }, { id: 7, moods: ['sad'], counts: [1, 2] }],
      ]);
      expect(seen(await world.waitForChanges('items', 2))).toEqual([
        ['insert', { id: 1 }, { id: 1, code: 10, name: 'a' }],
        ['insert', { code: 20 }, { id: 1, code: 20, name: 'b' }],
      ]);
      expect(shown).toBe(waits.length);
      await capture.stop();
    });
  });

  describe('long after, when types, columns, keys and tables are others or gone', () => {
    const SCHEMA = `
      CREATE DOMAIN quantity AS integer; CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE DOMAIN flag AS boolean;
      CREATE TABLE amounts (id integer PRIMARY KEY, qty quantity, moods mood[], flags flag[]);
      CREATE TABLE by_domain (id quantity PRIMARY KEY, name text);
      CREATE TABLE renamed (id integer PRIMARY KEY, a text, b text, c text);
      CREATE TABLE rekeyed (id integer PRIMARY KEY, code integer NOT NULL);
      CREATE TABLE gone (id quantity PRIMARY KEY, name text);
      CREATE TABLE quiet (id quantity PRIMARY KEY, name text)`;
    const TABLES = ['amounts', 'by_domain', 'renamed', 'rekeyed', 'gone', 'quiet'];
    const QUEUES = Object.fromEntries(TABLES.map(table => [table, { table }]));
    const INSERTS = `INSERT INTO amounts VALUES (1, 7, '{sad}', '{t,f}'); INSERT INTO by_domain VALUES (1, 'a');
      INSERT INTO renamed VALUES (1, 'x', 'y', 'z'); INSERT INTO rekeyed VALUES (1, 10);
      INSERT INTO gone VALUES (1, 'a');`;
    const CHANGES = `UPDATE amounts SET qty = 8; UPDATE by_domain SET name = 'b'; UPDATE renamed SET a = 'xx';
      UPDATE rekeyed SET id = 2; UPDATE gone SET name = 'b'; INSERT INTO quiet VALUES (1, 'a');`;
    const MIGRATIONS = [
      'ALTER TABLE amounts ALTER COLUMN qty TYPE integer, ALTER COLUMN moods TYPE text[], ALTER COLUMN flags TYPE text[]',
      'ALTER TABLE by_domain ALTER COLUMN id TYPE integer',
      'DROP TYPE mood',
      'ALTER TABLE renamed RENAME COLUMN id TO number',
      'ALTER TABLE renamed RENAME COLUMN a TO aa',
      'ALTER TABLE renamed RENAME COLUMN b TO bb',
      'ALTER TABLE renamed DROP COLUMN c',
      'ALTER TABLE renamed ADD COLUMN d text',
      'ALTER TABLE rekeyed DROP CONSTRAINT rekeyed_pkey, ADD PRIMARY KEY (code)',
      'DROP TABLE gone, quiet',
      'DROP DOMAIN quantity, flag',
    ];
    const AFTER = `UPDATE amounts SET qty = 9; UPDATE by_domain SET name = 'c'; UPDATE renamed SET aa = 'xxx';
      UPDATE rekeyed SET id = 3;`;

    it('goes by what it has said before, across restarts, and forgets it when it is no longer needed', async () => {
      await using world = await CaptureWorld.create(servers, 'catalog_late', {
        schema: SCHEMA,
        queues: QUEUES,
      });
      const before = world.capture();
      for (const sql of INSERTS.split(';').filter(Boolean)) await world.client.query(sql);
      await world.waitUntilAcknowledged();
      await before.stop();
      for (const sql of CHANGES.split(';').filter(Boolean)) await world.client.query(sql);
      for (const sql of MIGRATIONS) await world.client.query(sql);
      for (const sql of AFTER.split(';').filter(Boolean)) await world.client.query(sql);

      const later = world.capture();
      await world.waitUntilAcknowledged();
      await later.stop();
      const row = { id: 1, moods: ['sad'], flags: [true, false] };
      expect(seen(await world.changes('amounts'))).toEqual([
        ['insert', { id: 1 }, { ...row, qty: 7 }],
        ['update', { id: 1 }, { ...row, qty: 8 }],
        ['update', { id: 1 }, { id: 1, qty: 9, moods: ['sad'], flags: ['true', 'false'] }],
      ]);
      expect(seen(await world.changes('by_domain')).map(([, key]) => key)).toEqual([
        { id: 1 },
        { id: 1 },
        { id: 1 },
      ]);
      expect(await parked(world, 'by_domain')).toEqual([false, true, true]);
      expect(seen(await world.changes('renamed')).map(([, key]) => key)).toEqual([
        { id: 1 },
        { id: 1 },
        { number: 1 },
      ]);
      expect(await parked(world, 'renamed')).toEqual([false, true, true]);
      // The key of then moves with the first update (a delete and an insert); the key of now does not with the second.
      expect((await world.changes('rekeyed')).map(({ op, key }) => [op, key])).toEqual([
        ['insert', { id: 1 }],
        ['delete', { id: 1 }],
        ['insert', { id: 2 }],
        ['update', { code: 10 }],
      ]);
      expect(seen(await world.changes('gone'))).toEqual([
        ['insert', { id: 1 }, { id: 1, name: 'a' }],
        ['update', { id: 1 }, { id: 1, name: 'b' }],
      ]);
      expect(await parked(world, 'gone')).toEqual([false, true]);
      expect(seen(await world.changes('quiet'))).toEqual([['insert', { id: 1 }, { id: 1, name: 'a' }]]);

      // The next one's first look finds all of it acknowledged.
      await world.capture().stop();
      const [notes] = await world.redis.keys('catalog_late:walmq:catalog:*');
      const { rows } = await world.client.query<{ oid: string }>(
        "SELECT 'table:' || oid AS oid FROM pg_class WHERE relname = ANY ($1)",
        [TABLES],
      );
      expect(
        (await world.redis.hkeys(notes as string)).filter(name => name.startsWith('table:')).sort(),
      ).toEqual(rows.map(({ oid }) => oid).sort());
      const types = (await world.redis.hkeys(notes as string)).filter(name => name.startsWith('type:'));
      const left = await world.client.query('SELECT FROM pg_type WHERE oid = ANY ($1::oid[])', [
        types.map(name => name.slice('type:'.length)),
      ]);
      expect(left.rows).toHaveLength(types.length);
    });

    it('parks what nobody knows any more, with the reason, and nothing else', async () => {
      await using world = await CaptureWorld.create(servers, 'catalog_unknown', {
        schema: SCHEMA,
        queues: {
          ...QUEUES,
          shaped: { table: 'amounts', omit: ['moods'], where: () => false, transform: () => null },
        },
      });
      for (const sql of INSERTS.split(';').filter(Boolean)) await world.client.query(sql);
      for (const sql of MIGRATIONS) await world.client.query(sql);
      for (const sql of AFTER.split(';').filter(Boolean)) await world.client.query(sql);
      const capture = world.capture();
      await world.waitUntilAcknowledged();
      await capture.stop();
      const reasons = async (queue: string) =>
        (await world.changes(queue)).map(({ op, key, shapeError }) => [op, key, shapeError]);
      expect(await reasons('amounts')).toEqual([
        [
          'insert',
          { id: 1 },
          expect.stringMatching(/^the type of qty, moods, flags is not known: amounts was/),
        ],
        ['update', { id: 1 }, undefined],
      ]);
      expect(await parked(world, 'amounts')).toEqual([false, true]);
      const [shaped] = await world.changes('shaped');
      expect([shaped?.after, shaped?.shapeError]).toEqual([
        { id: 1, qty: '7', flags: '{t,f}' },
        expect.stringMatching(/^the type of qty/),
      ]);
      expect(await reasons('by_domain')).toEqual([
        ['insert', { id: '1' }, expect.stringMatching(/^the type of id is not known: /)],
        ['update', { id: 1 }, undefined],
      ]);
      expect(await parked(world, 'by_domain')).toEqual([false, true]);
      expect(await reasons('gone')).toEqual([
        ['insert', null, expect.stringMatching(/^its primary key and the type of id is not known: /)],
      ]);
    });
  });
});
