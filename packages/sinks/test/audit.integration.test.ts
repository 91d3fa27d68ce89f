import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { failingAfterFirstTry, WorkerWorld } from '@walmq/worker/fixture';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAuditRules, checkAuditTable } from '../src/audit/check.js';
import { loadAuditRules } from '../src/audit/load.js';
import { auditSchemaSql } from '../src/audit/schema.js';
import { auditWorker } from '../src/audit/worker.js';

const QUEUES = { audit: { tables: ['orders', 'sales.orders'] } };
const TABLES = 'CREATE TABLE orders (id int PRIMARY KEY, status text, email text, notes text);';

interface Order {
  id: number;
  status: string;
  email: string | null;
  notes?: string;
}

const NEW: Order = { id: 1, status: 'new', email: 'a@example.com', notes: 'rings twice' };
const PAID: Order = { ...NEW, status: 'paid' };

describe('the audit log', () => {
  let servers: Servers;
  let folder: string;
  beforeAll(async () => {
    servers = await startServers();
    folder = await mkdtemp(join(tmpdir(), 'walmq-audit-'));
  });
  afterAll(async () => {
    await stopServers(servers);
    await rm(folder, { recursive: true });
  });

  const create = (name: string) =>
    WorkerWorld.create(servers, name, { queues: QUEUES, schema: `${auditSchemaSql}${TABLES}` });
  const worker = ({ pool }: WorkerWorld, rules: Awaited<ReturnType<typeof loadAuditRules>> = new Map()) =>
    auditWorker({ pool, rules });
  const rulesOf = async (config: object) => {
    const path = join(folder, 'walmq.audit.ts');
    await writeFile(path, `export default ${JSON.stringify(config)};`);
    return await loadAuditRules(path);
  };

  it('keeps every change once, with who made it and why', async () => {
    await using world = await create('kept');
    world.start(failingAfterFirstTry(worker(world)));
    const changes = [
      { ...world.change('insert', 'orders', { after: NEW }), key: { id: 1 } },
      {
        ...world.change('update', 'orders', { before: NEW, after: PAID }),
        key: { id: 1 },
        changed: ['status'],
        context: { actor: 'ann', reason: 'paid by card' },
      },
      { ...world.change('delete', 'orders', { before: PAID }), key: { id: 1 } },
      world.change('truncate', 'orders', {}),
      { ...world.change('insert', 'orders', { after: NEW }), schema: 'sales', key: { id: 1 } },
    ];
    for (const change of changes) {
      expect(await world.process('audit', change)).toMatchObject({
        state: 'completed',
        tries: 2,
        result: { action: 'audited_before', change_id: change.id },
      });
      await world.process('audit', change, { jobId: `${change.id}-again` });
    }
    const rows = await world.rows(
      `SELECT change_id, xid::int, schema_name, op, key, before, after, changed, context,
              to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') AS at
         FROM walmq.audit ORDER BY change_id`,
    );
    expect(rows).toEqual(
      changes.map(({ id, schema, op, key, before, after, tx, ...rest }) => ({
        change_id: id,
        xid: tx.xid,
        schema_name: schema,
        op,
        key,
        before,
        after,
        changed: 'changed' in rest ? rest.changed : null,
        context: 'context' in rest ? rest.context : null,
        at: '2026-03-01 12:00:00.000001',
      })),
    );
    const history = async (table: string) =>
      (await world.rows(`SELECT op FROM walmq.audit_history($1, '{"id": 1}')`, [table])).map(({ op }) => op);
    expect(await history('orders')).toEqual(['insert', 'update', 'delete']);
    expect(await history('sales.orders')).toEqual(['insert']);
    expect(JSON.stringify(world.logged)).not.toContain('example.com');
  });

  it('keeps a batch whole, also the change in it that jsonb does not take', async () => {
    await using world = await create('batch');
    const changes = Array.from({ length: 40 }, (_, n) => ({
      ...world.change('insert', 'orders', { after: NEW }),
      key: { id: n },
      changed: ['a "quoted" name', 'back\\slash'],
      context: { note: n === 17 ? 'a \u0000 in it' : 'plain' },
    }));
    const jobs = await Promise.all(changes.map(change => world.add('audit', change)));
    world.start(worker(world));
    for (const job of jobs)
      expect(await world.ending('audit', job)).toMatchObject({ tries: 1, result: { action: 'audited' } });
    const rows = await world.rows(
      'SELECT change_id, key, changed, exact FROM walmq.audit ORDER BY change_id',
    );
    expect(rows).toEqual(
      changes.map(({ id, key, changed }, n) => ({
        change_id: id,
        key,
        changed,
        exact: n === 17 ? expect.stringContaining('a \\u0000 in it') : null,
      })),
    );
    const again = await Promise.all(
      changes.map((change, n) => world.add('audit', change, { jobId: `again-${n}-${change.id}` })),
    );
    for (const job of again)
      expect(await world.ending('audit', job)).toMatchObject({ result: { action: 'audited_before' } });
    expect(await world.rows('SELECT FROM walmq.audit')).toHaveLength(40);
  });

  it('keeps events beside rows: messages, and rows of an outbox', async () => {
    await using world = await WorkerWorld.create(servers, 'events', {
      queues: { audit: { tables: ['orders'], messages: true, outbox: 'order' } },
      schema: `${auditSchemaSql}${TABLES}`,
    });
    world.start(failingAfterFirstTry(worker(world)));
    const context = { actor: 'ann' };
    const said = { type: 'order.paid', key: 7, payload: { total: '9.99' } };
    const message = {
      ...world.change<object>('message', 'event', { after: said }),
      schema: 'walmq',
      key: { key: 7 },
      context,
    };
    const row = world.change<object>('insert', 'outbox', { after: { id: '1', aggregate_type: 'order' } });
    for (const [change, name] of [
      [message, 'order.paid'],
      [{ ...row, key: { id: '1' } }, 'a'],
      [{ ...world.change<object>('insert', 'orders', { after: NEW }), key: { id: 1 } }, 'insert'],
    ] as const)
      expect(await world.process('audit', change, { name })).toMatchObject({ state: 'completed', tries: 2 });
    expect(
      await world.rows(
        'SELECT schema_name, table_name, op, key, after, context FROM walmq.audit ORDER BY change_id',
      ),
    ).toEqual([
      { schema_name: 'walmq', table_name: 'event', op: 'message', key: { key: 7 }, after: said, context },
      {
        schema_name: 'public',
        table_name: 'outbox',
        op: 'insert',
        key: { id: '1' },
        after: row.after,
        context: null,
      },
      {
        schema_name: 'public',
        table_name: 'orders',
        op: 'insert',
        key: { id: 1 },
        after: NEW,
        context: null,
      },
    ]);
  });

  it('knows a change by its id and its time: after a restore the id alone may come again', async () => {
    await using world = await create('restored');
    world.start(worker(world));
    const change = world.change('insert', 'orders', { after: NEW });
    const other = { ...change, tx: { ...change.tx, committedAt: '2026-04-01T00:00:00Z' } };
    await world.process('audit', change);
    expect(await world.process('audit', other, { jobId: 'other' })).toMatchObject({
      result: { action: 'audited' },
    });
  });

  it('leaves out and masks what it is told to', async () => {
    await using world = await create('masked');
    const rules = await rulesOf({ tables: { orders: { leaveOut: ['notes'], mask: ['email'] } } });
    await checkAuditRules(world.pool, rules);
    world.start(worker(world, rules));
    const after = { ...PAID, email: null, notes: 'rings thrice' };
    const change = {
      ...world.change('update', 'orders', { before: NEW, after }),
      changed: ['status', 'email', 'notes'],
    };
    await world.process('audit', change);
    expect(await world.rows('SELECT before, after, changed FROM walmq.audit')).toEqual([
      {
        before: { id: 1, status: 'new', email: '***' },
        after: { id: 1, status: 'paid', email: null },
        changed: ['status', 'email'],
      },
    ]);
  });

  it.each([
    ['a misspelt column', { orders: { mask: ['emial'] } }, 'orders.emial'],
    ['a misspelt table', { order: { leaveOut: ['email'] } }, 'order.email'],
  ])('refuses to start with %s', async (_, tables, name) => {
    await using world = await create(`misspelt_${name.replace('.', '_')}`);
    await expect(checkAuditRules(world.pool, await rulesOf({ tables }))).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message: expect.stringContaining(name) as string,
    });
  });

  it('says what its configuration lacks', async () => {
    await expect(rulesOf({ tables: { orders: { hide: ['email'] } } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('hide') as string,
    });
    await expect(loadAuditRules(join(folder, 'none.ts'))).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
    });
    await using world = await WorkerWorld.create(servers, 'bare', { queues: QUEUES });
    await expect(checkAuditTable(world.pool)).rejects.toMatchObject({ code: 'OWN_TABLE_MISSING' });
  });

  it('cannot be changed, not even by a superuser or in a replication role', async () => {
    await using world = await create('immutable');
    world.start(worker(world));
    await world.process('audit', world.change('insert', 'orders', { after: NEW }));
    await world.rows("SELECT walmq.audit_add_month('2026-05-01')");
    const may = { ...world.change('insert', 'orders', { after: NEW }, '2026-05-31T23:59:59Z') };
    await world.process('audit', may);
    expect(
      await world.rows('SELECT tableoid::regclass::text AS part FROM walmq.audit ORDER BY change_id'),
    ).toEqual([{ part: 'walmq.audit_default' }, { part: 'walmq.audit_2026_05' }]);
    const attempts = ['audit', 'audit_default', 'audit_2026_05'].flatMap(table => [
      `UPDATE walmq.${table} SET op = 'none'`,
      `DELETE FROM walmq.${table}`,
      `TRUNCATE walmq.${table}`,
    ]);
    for (const attempt of attempts.flatMap(sql => [
      sql,
      `SET LOCAL session_replication_role = replica; ${sql}`,
    ]))
      await expect(world.rows(attempt), attempt).rejects.toMatchObject({
        code: '42501',
        message: expect.stringContaining('append-only') as string,
      });
    expect(await world.rows('SELECT count(*)::int AS rows FROM walmq.audit')).toEqual([{ rows: 2 }]);
    // A month that rows of the default partition belong to is refused; a whole month can go.
    await expect(world.rows("SELECT walmq.audit_add_month('2026-03-01')")).rejects.toMatchObject({
      code: '23514',
    });
    await world.rows(
      'ALTER TABLE walmq.audit DETACH PARTITION walmq.audit_2026_05; DROP TABLE walmq.audit_2026_05',
    );
    expect(await world.rows('SELECT count(*)::int AS rows FROM walmq.audit')).toEqual([{ rows: 1 }]);
  });

  it('cannot be changed by its owner either, and needs no more than INSERT to be written', async () => {
    await using world = await create('rights');
    await world.rows(`CREATE ROLE audit_owner LOGIN PASSWORD 'test'; CREATE ROLE audit_writer LOGIN PASSWORD 'test';
      GRANT CREATE ON DATABASE rights TO audit_owner; DROP SCHEMA walmq CASCADE`);
    const as = (role: string) =>
      new Pool({
        connectionString: Object.assign(new URL(world.databaseUrl), { username: role, password: 'test' })
          .href,
      });
    const [owner, writer] = [as('audit_owner'), as('audit_writer')];
    try {
      await owner.query(auditSchemaSql);
      await owner.query(
        'GRANT USAGE ON SCHEMA walmq TO audit_writer; GRANT INSERT, SELECT ON walmq.audit TO audit_writer',
      );
      world.start(auditWorker({ pool: writer, rules: new Map() }));
      const change = world.change('insert', 'orders', { after: NEW });
      expect(await world.process('audit', change)).toMatchObject({ result: { action: 'audited' } });
      for (const pool of [owner, writer])
        await expect(pool.query('DELETE FROM walmq.audit')).rejects.toMatchObject({
          code: '42501',
          message: expect.stringContaining('permission denied') as string,
        });
    } finally {
      await Promise.all([owner.end(), writer.end()]);
    }
  });

  it('is made again without harm', async () => {
    await using world = await create('twice');
    await world.rows(auditSchemaSql);
    await world.rows("SELECT walmq.audit_add_month('2026-05-01'), walmq.audit_add_month('2026-05-31')");
    expect(
      await world.rows(
        "SELECT count(*)::int AS parts FROM pg_inherits WHERE inhparent = 'walmq.audit'::regclass",
      ),
    ).toEqual([{ parts: 2 }]);
  });
});
