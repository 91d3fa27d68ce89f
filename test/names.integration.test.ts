import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, type EmbeddedRedis, startPostgres, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureProcess } from '../apps/capture/test/capture-process-fixture.js';
import { walmq as runCli } from '../apps/cli/test/cli-fixture.js';

const ROOT = join(import.meta.dirname, '..');
const sql = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** How a table is called in the configuration, and what its two names are. */
const TABLES: readonly (readonly [written: string, schema: string, table: string])[] = [
  ['"my schema"."odd.name"', 'my schema', 'odd.name'],
  ['"a.b".c', 'a.b', 'c'],
  ['a."b.c"', 'a', 'b.c'],
  ['"a.b.c"', 'public', 'a.b.c'],
  ['"say ""so"""', 'public', 'say "so"'],
  ['Weird-Schema.OrderItems', 'Weird-Schema', 'OrderItems'],
  ['select.table', 'select', 'table'],
  ['user', 'public', 'user'],
  ['public.User', 'public', 'User'],
  ['"ends with; \'$walmq$ -- \\"', 'public', "ends with; '$walmq$ -- \\"],
  ['"line\nbreak"', 'public', 'line\nbreak'],
  ['größe–€🚀', 'public', 'größe–€🚀'],
  ['x'.repeat(63), 'public', 'x'.repeat(63)],
  ['ä'.repeat(31), 'public', 'ä'.repeat(31)],
];
const queueOf = (at: number) => `q${at}`;
const DATABASE = `My "odd" data.base's`;
const PUBLICATION = `odd "pub" li.cation's`;
const OWNER = 'The "owner"';

/** Where doctor and set-up have to say something: an unlogged one, and one without any replica identity. */
const SCHEMA = `${[...new Set(TABLES.map(([, schema]) => schema))]
  .filter(schema => schema !== 'public')
  .map(schema => `CREATE SCHEMA ${sql(schema)};`)
  .join('\n')}
${TABLES.map(
  ([, schema, table]) => `CREATE TABLE ${sql(schema)}.${sql(table)} (
    "Id 1" int PRIMARY KEY, "key" int NOT NULL, "a.b" text, "say ""so""" text, "x=y" text, secret text);`,
).join('\n')}
ALTER TABLE "my schema"."odd.name" SET UNLOGGED;
ALTER TABLE a."b.c" REPLICA IDENTITY NOTHING;
CREATE SCHEMA "out box";`;

interface Check {
  readonly check: string;
  readonly status: string;
  readonly found: string;
  readonly remedy?: string;
}

describe('names that have to be quoted', () => {
  let postgres: EmbeddedPostgres;
  let redisServer: EmbeddedRedis;
  let client: Client;
  let redis: Redis;
  let folder: string;
  let env: Record<string, string>;
  const config = {
    source: { slot: 'names', publication: `"${PUBLICATION.replaceAll('"', '""')}"` },
    redis: { prefix: 'names' },
    queues: {
      ...Object.fromEntries(TABLES.map(([table], at) => [queueOf(at), { table, orderBy: '"key"' }])),
      all: {
        tables: TABLES.map(([table]) => table),
        omit: ['"say ""so"""'],
        mask: { 'a.b': 'redact' as const },
      },
      events: { outbox: 'Order' },
    },
    outbox: { table: '"out box"."the $clean$ box."', columns: { createdAt: 'created "at"' } },
  };

  beforeAll(async () => {
    [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
    const admin = new Client(postgres.url);
    await admin.connect();
    await admin.query(`CREATE DATABASE ${sql(DATABASE)}`).finally(() => admin.end());
    const url = new URL(postgres.url);
    url.pathname = `/${encodeURIComponent(DATABASE)}`;
    client = new Client(url.href);
    redis = new Redis(redisServer.url, { lazyConnect: true });
    await Promise.all([client.connect(), redis.connect()]);
    await client.query(SCHEMA);
    await mkdir(join(ROOT, '.cache'), { recursive: true });
    folder = await mkdtemp(join(ROOT, '.cache/names-'));
    const path = join(folder, 'walmq.config.mjs');
    await writeFile(path, `export default ${JSON.stringify(config)};\n`);
    env = {
      DATABASE_URL: url.href,
      REDIS_URL: redisServer.url,
      WALMQ_CONFIG: path,
    };
  });
  afterAll(async () => {
    await client.end();
    redis.disconnect();
    await rm(folder, { recursive: true, force: true });
    await Promise.all([postgres.stop(), redisServer.stop()]);
  });

  /** `npx walmq` with these arguments: how it ended, and what it printed. */
  async function walmq(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { code, lines, errors } = await runCli(args, env);
    return { code, out: lines.join('\n'), err: errors.join('\n') };
  }

  async function doctor(): Promise<Check[]> {
    return JSON.parse((await walmq('doctor', '--json')).out) as Check[];
  }

  /** The statements of a remedy, as they are printed. */
  function statementsIn(text: string): string[] {
    return [...text.matchAll(/(?:ALTER|GRANT|DROP)(?:"(?:[^"]|"")*"|[^";])*;/g)].map(
      ([statement]) => statement,
    );
  }

  async function changesIn(queue: string): Promise<Record<string, unknown>[]> {
    const keys = (await redis.keys(`names:${queue}:*`)).filter(key => /-\d{10}-\w+$/.test(key)).sort();
    return await Promise.all(
      keys.map(async key => JSON.parse((await redis.hget(key, 'data')) as string) as Record<string, unknown>),
    );
  }

  it('what set-up says of a missing right can be run as it is printed', async () => {
    await client.query(`CREATE ROLE ${sql(OWNER)}; CREATE ROLE "may. be" LOGIN PASSWORD 'p' REPLICATION;
      ALTER TABLE a."b.c" OWNER TO ${sql(OWNER)};
      GRANT USAGE ON SCHEMA a TO ${sql(OWNER)}, "may. be"`);
    const whole = { ...env };
    const url = new URL(env.DATABASE_URL as string);
    [url.username, url.password] = [encodeURIComponent('may. be'), 'p'];
    const { q2, events } = config.queues as Record<string, object>;
    const one = join(folder, 'one.config.mjs');
    await writeFile(one, `export default ${JSON.stringify({ ...config, queues: { q2, events } })};\n`);
    Object.assign(env, { DATABASE_URL: url.href, WALMQ_CONFIG: one });
    try {
      const first = await walmq('setup', '--outbox');
      expect(first.err).toMatch(/^PRIVILEGE_MISSING: /);
      const statements = statementsIn(first.err);
      expect(statements).toEqual([
        `GRANT CREATE ON DATABASE ${sql(DATABASE)} TO "may. be";`,
        `GRANT USAGE, CREATE ON SCHEMA "out box" TO "may. be";`,
      ]);
      for (const statement of statements) await client.query(statement);
      const second = await walmq('setup', '--outbox');
      expect(second.err).toMatch(/^PRIVILEGE_MISSING: .*a\."b\.c"/);
      expect(statementsIn(second.err)).toEqual([`GRANT ${sql(OWNER)} TO "may. be";`]);
      for (const statement of statementsIn(second.err)) await client.query(statement);
      expect((await walmq('setup', '--outbox')).err).not.toContain('a."b.c"');
    } finally {
      Object.assign(env, whole);
      await client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots');
      await client.query(`DROP SCHEMA IF EXISTS walmq CASCADE; ALTER TABLE a."b.c" OWNER TO CURRENT_USER;
        DROP OWNED BY "may. be"; DROP ROLE "may. be"; ALTER TABLE a."b.c" REPLICA IDENTITY NOTHING`);
    }
  });

  it('set-up, doctor, capture, backfill, types and teardown take every such table', async () => {
    const unlogged = await walmq('setup', '--dry-run', '--outbox');
    expect(unlogged.err).toMatch(/^TABLE_UNLOGGED: /);
    for (const statement of statementsIn(unlogged.err)) await client.query(statement);
    const remedies = (await doctor())
      .filter(({ check }) => check === 'replica-identity')
      .map(each => each.remedy);
    expect(remedies).toHaveLength(TABLES.length);
    for (const statement of remedies.flatMap(remedy => statementsIn(remedy ?? '')))
      await client.query(statement);

    // Half of them for set-up to change, and for teardown to change back.
    const changed = TABLES.filter((_, at) => at % 2 === 0);
    for (const [, schema, table] of changed)
      await client.query(`ALTER TABLE ${sql(schema)}.${sql(table)} REPLICA IDENTITY DEFAULT`);

    const script = await walmq('setup', '--sql', '--outbox');
    expect(script).toMatchObject({ code: 0, err: '' });
    // As psql does: each step in a transaction of its own.
    for (const step of script.out.split(/\n\n(?=-- )/)) await client.query(step);
    const again = await walmq('setup', '--outbox');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).not.toMatch(/^(done|warning)/m);
    expect((await doctor()).filter(({ status }) => status === 'error')).toEqual([]);

    const setting = { databaseUrl: env.DATABASE_URL as string, redisUrl: redisServer.url, config };
    const capture = await CaptureProcess.start(setting);
    await capture.waitFor('stream:started');
    for (const [, schema, table] of TABLES) {
      const place = `${sql(schema)}.${sql(table)}`;
      await client.query(`INSERT INTO ${place} VALUES (1, 7, 'dot', 'so', 'xy', 's')`);
      await client.query(`UPDATE ${place} SET "a.b" = 'other'`);
      await client.query(`DELETE FROM ${place}`);
      await client.query(`INSERT INTO ${place} VALUES (2, 7, 'dot', 'so', 'xy', 's')`);
    }
    await client.query(
      `INSERT INTO "out box"."the $clean$ box." (aggregate_type, aggregate_id, type) VALUES ('Order', 1, 'placed')`,
    );
    for (const [at, [, schema, table]] of TABLES.entries())
      await expect
        .poll(async () =>
          (await changesIn(queueOf(at))).map(change => [change.op, change.schema, change.table]),
        )
        .toEqual(['insert', 'update', 'delete', 'insert'].map(op => [op, schema, table]));
    await expect.poll(() => changesIn('events')).toHaveLength(1);
    const all = await changesIn('all');
    expect(all).toHaveLength(4 * TABLES.length);
    expect(all[0]?.after).toEqual({ 'Id 1': 1, key: 7, 'a.b': '[redacted]', 'x=y': 'xy', secret: 's' });

    for (const [written] of TABLES) {
      const asked = await walmq('backfill', '--queue', 'all', '--table', written, '--where', `"x=y" = 'xy'`);
      expect(asked).toMatchObject({ code: 0, err: '' });
    }
    const reads = async () => (await changesIn('all')).filter(({ op }) => op === 'read');
    await expect
      .poll(async () => (await reads()).map(({ schema, table, key }) => [schema, table, key]))
      .toEqual(TABLES.map(([, schema, table]) => [schema, table, { 'Id 1': 2 }]));
    expect((await walmq('backfill', '--list')).out).toContain('a."b.c"');
    expect((await walmq('backfill', '--queue', 'all', '--table', 'a b')).err).toMatch(/^OPTION_INVALID: /);
    expect((await walmq('backfill', '--queue', 'all', '--table', 'c.d')).err).toMatch(
      /^TABLE_NOT_IN_QUEUE: /,
    );

    const types = join(folder, 'tables.ts');
    expect(await walmq('types', '--out', types)).toMatchObject({ code: 0, err: '' });
    expect(await walmq('types', '--out', types, '--check')).toMatchObject({ code: 0, err: '' });
    const text = await readFile(types, 'utf8');
    for (const name of [`'"my schema"."odd.name"'`, `'"a.b".c'`, `'a."b.c"'`, `'"a.b.c"'`])
      expect(text).toContain(name);

    expect(await capture.end('SIGTERM')).toBe(0);
    expect(await walmq('teardown', '--yes')).toMatchObject({ code: 0, err: '' });
    const { rows } = await client.query<{ left: number }>(
      `SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_replication_slots)
              + (SELECT count(*) FROM pg_namespace WHERE nspname = 'walmq') AS left`,
    );
    expect(Number(rows[0]?.left)).toBe(0);
    const full = await client.query("SELECT FROM pg_class WHERE relreplident = 'f' AND relkind = 'r'");
    expect(full.rowCount).toBe(TABLES.length - changed.length);
  });
});
