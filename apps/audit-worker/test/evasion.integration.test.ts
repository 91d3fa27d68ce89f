import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, type Servers, startApp, startServers, stopServers, writeConfig } from '@walmq/testing';
import { WorkerWorld } from '@walmq/worker/fixture';
import { afterAll, beforeAll, expect, it } from 'vitest';

const APP = join(import.meta.dirname, '..');
const CLI = join(APP, '../cli/bin/walmq.js');
const DEPTH = 6000;
const DIGITS = '12345678901234567890.123456789012345678901234567890';

/** Each by the row that holds it: JSON that a column of type json takes, and jsonb or a parser does not. */
const DOCS: Record<number, string> = {
  1: `{"nul": "\\u0000"}`,
  2: `["\\ud800", "\\udc00"]`,
  3: `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`,
  4: `{"n": ${DIGITS}, "again": 1, "again": 2}`,
  5: '[1e400000, -1e400]',
  6: `{"\\u0000": "\\\\u0000"}`,
  7: '{"plain": true}',
  8: '', // as deep as PostgreSQL takes it: two brackets more around it are too many
};
const DEEP_CONTEXT = `{"actor":"eve","why":${'['.repeat(3900)}${']'.repeat(3900)}}`;

/** As the versions before this one made the two tables. */
const OLDER_TABLES = `CREATE SCHEMA IF NOT EXISTS walmq;
CREATE TABLE walmq.audit (
  change_id text NOT NULL, committed_at timestamptz NOT NULL, xid bigint NOT NULL, schema_name text NOT NULL,
  table_name text NOT NULL, op text NOT NULL, key jsonb, before jsonb, after jsonb, changed text[], unchanged text[],
  context jsonb, recorded_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (change_id, committed_at)
) PARTITION BY RANGE (committed_at);
CREATE TABLE walmq.audit_default PARTITION OF walmq.audit DEFAULT;
INSERT INTO walmq.audit (change_id, committed_at, xid, schema_name, table_name, op, key, after)
  VALUES ('0000000000000001-0000000001', '2020-01-01Z', 1, 'public', 'docs', 'insert', '{"id": 7}', '{"id": 7}');
CREATE TABLE walmq.change_log (
  change_id text COLLATE "C" NOT NULL, committed_at timestamptz NOT NULL, schema_name text NOT NULL,
  table_name text NOT NULL, change json NOT NULL, PRIMARY KEY (change_id, committed_at)
) PARTITION BY RANGE (committed_at);
CREATE TABLE walmq.change_log_default PARTITION OF walmq.change_log DEFAULT;
INSERT INTO walmq.change_log VALUES
  ('0000000000000001-0000000001', now() - interval '1 hour', 'public', 'docs',
   '{"id":"0000000000000001-0000000001","op":"insert","schema":"public","table":"docs","key":{"id":7},"before":null,"after":{"id":7},"tx":{}}'),
  ('0000000000000001-0000000002', now() - interval '1 hour', 'public', 'docs',
   '{"id":"0000000000000001-0000000002","op":"insert","schema":"public","table":"docs","key":{"id":8},"before":null,"after":{"doc":"\\u0000"},"tx":{}}');`;

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => stopServers(servers));

it('audit and change log take whatever can be committed, to its last digit, into tables of an older version too', async () => {
  const queues = {
    audit: { tables: ['docs'], messages: true },
    'change-log': { tables: ['docs'] },
    copies: { table: 'docs', operations: ['delete' as const] },
  };
  await using world = await WorkerWorld.create(servers, 'evaded', {
    queues,
    schema: `CREATE TABLE docs (id int PRIMARY KEY, doc json, note text); CREATE TABLE probe (doc json); ALTER TABLE docs REPLICA IDENTITY FULL; ${OLDER_TABLES}`,
  });
  const env = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: servers.redis.url,
    WALMQ_CONFIG: await writeConfig({ source: { slot: 'evaded' }, redis: { prefix: world.prefix }, queues }),
    WALMQ_AUDIT: await writeConfig({ tables: { docs: { mask: ['note'] } } }),
  };
  const walmq = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [CLI, ...args], { env })).stdout;
  const outdated = [startApp(APP, env), startApp(join(APP, '../change-log-worker'), env)];
  expect(await Promise.all(outdated.map(({ ended }) => ended))).toEqual(['exit 1', 'exit 1']);
  expect(outdated[0]?.output()).toMatch(/OWN_TABLE_OUTDATED: .* npx walmq setup --audit/);
  expect(outdated[1]?.output()).toMatch(/OWN_TABLE_OUTDATED: .* npx walmq setup --change-log/);
  await walmq('setup', '--audit', '--change-log');

  DOCS[8] = await deepest(world);
  const apps = [join(APP, '../capture'), APP, join(APP, '../change-log-worker')].map(app =>
    startApp(app, env),
  );
  for (const [id, doc] of Object.entries(DOCS))
    await world.rows('INSERT INTO docs VALUES ($1, $2, $3)', [id, doc, 'a secret']);
  await world.rows("UPDATE docs SET note = 'another' WHERE id = 3");
  const tx = await world.pool.connect();
  await tx.query('BEGIN');
  for (const context of [DEEP_CONTEXT, `{"actor":"eve","n":${DIGITS},"nul":"\\u0000"}`]) {
    await tx.query("SELECT pg_logical_emit_message(true, 'walmq.context', $1::text)", [context]);
    await tx.query('UPDATE docs SET note = NULL WHERE id = 7');
  }
  await tx.query(`SELECT pg_logical_emit_message(true, 'walmq.event.audit', $1::text)`, [
    `{"type":"t","key":"\\u0000","payload":{"n":${DIGITS}}}`,
  ]);
  await tx.query('COMMIT');
  tx.release();
  const total = Object.keys(DOCS).length + 4;
  await eventually(async () => {
    expect(await world.countOf('audit', 'failed')).toBe(0);
    expect(await world.countOf('audit', 'completed')).toBe(total);
    expect(await world.countOf('change-log', 'completed')).toBe(total - 1);
  });

  const rows = await world.rows<{ id: number; exact: string | null; isText: boolean; rest: object }>(
    `SELECT (key ->> 'id')::int AS id, exact, after - 'doc' AS rest, after -> 'doc' IS NULL AS "isText" FROM walmq.audit
      WHERE op = 'insert' AND committed_at > now() - interval '1 day' ORDER BY change_id`,
  );
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  // What jsonb takes can be asked for as ever; where it does not take all, all is there as text, masked as ever.
  for (const { id, exact, isText, rest } of rows) {
    expect(rest).toEqual({ id, note: '***' });
    expect([id, isText]).toEqual([id, ![3, 4, 7].includes(id)]);
    if (isText) expect(exact?.includes(`"after":{"id":${id},"doc":${DOCS[id]},"note":"***"}`)).toBe(true);
    else expect(exact).toBeNull();
  }
  expect(
    await world.rows(`SELECT after -> 'doc' ->> 'n' AS n FROM walmq.audit_history('docs', '{"id": 4}')`),
  ).toEqual([{ n: DIGITS }]);
  const contexts = await world.rows(
    `SELECT context ->> 'actor' AS actor, context ->> 'n' AS n, exact FROM walmq.audit
      WHERE op = 'update' AND key = '{"id": 7}' ORDER BY change_id`,
  );
  expect(contexts).toEqual([
    expect.objectContaining({ actor: 'eve' }),
    { actor: 'eve', n: DIGITS, exact: expect.stringContaining('"nul":"\\u0000"') },
  ]);
  expect(await world.rows(`SELECT after ->> 'type' AS type FROM walmq.audit WHERE op = 'message'`)).toEqual([
    { type: 't' },
  ]);
  expect(await world.rows(`SELECT change_id FROM walmq.audit_history('docs', '{"id": 7}') LIMIT 1`)).toEqual([
    { change_id: '0000000000000001-0000000001' },
  ]);

  const counted = async (...key: string[]) => {
    const json = await walmq('rewind', '--queue', 'copies', '--from', '1d', '--dry-run', '--json', ...key);
    return (JSON.parse(json) as { changes: number }).changes;
  };
  expect(await counted('--key', 'id=7')).toBe(4);
  expect(await counted('--key', 'id=3')).toBe(2);
  expect(await counted()).toBe(total - 1 + 2);
  const kept = await world.rows(
    `SELECT coalesce(change_text, change::text) AS kept FROM walmq.change_log
      WHERE key IN ('{"id": 4}', '{"id": 8}') ORDER BY change_id`,
  );
  expect(kept.map((row, index) => String(row.kept).includes(`"doc":${DOCS[4 + 4 * index]},`))).toEqual([
    true,
    true,
  ]);
  await walmq('rewind', '--queue', 'copies', '--from', '1d', '--key', 'id=3', '--yes');
  await walmq('rewind', '--queue', 'copies', '--from', '1d', '--key', 'id=8', '--yes');
  await eventually(async () => {
    const ids = await world.redis.lrange(`${world.prefix}:copies:wait`, 0, -1);
    const parked = await world.redis.zrange(`${world.prefix}:copies:waiting-children`, '0', '-1');
    const data = await Promise.all(
      [...ids, ...parked].map(id => world.redis.hget(`${world.prefix}:copies:${id}`, 'data')),
    );
    expect(data.filter(json => json?.includes(`"doc":${DOCS[3]},`))).toHaveLength(2);
    expect(data.filter(json => json?.includes(`"doc":${DOCS[8]},`))).toHaveLength(1);
  });
  for (const app of apps) expect(await app.end('SIGTERM')).toBe('exit 0');
});

/** The deepest JSON that a column of this server takes. */
async function deepest(world: WorkerWorld): Promise<string> {
  const doc = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  let [taken, refused] = [DEPTH, 1_000_000];
  while (refused - taken > 1) {
    const depth = Math.floor((taken + refused) / 2);
    const isTaken = await world.rows('INSERT INTO probe VALUES ($1)', [doc(depth)]).then(
      () => true,
      () => false,
    );
    [taken, refused] = isTaken ? [depth, refused] : [taken, depth];
  }
  return doc(taken);
}
