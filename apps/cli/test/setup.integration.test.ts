import { embeddedPostgresMajor } from '@walmq/embedded';
import type { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { QUEUES, stateOf, worldsForSetup } from './setup-fixture.js';

/** As psql does: one statement after the other, each in a transaction of its own. */
async function runScript(client: Client, script: string): Promise<void> {
  const outsideOfDollarQuotes = /;\n(?=(?:[^$]*\$walmq\$[^$]*\$walmq\$)*[^$]*$)/;
  for (const statement of script.split(outsideOfDollarQuotes)) await client.query(statement);
}

const major = embeddedPostgresMajor();
const world = worldsForSetup();

describe('walmq setup', () => {
  it('prepares a database, says each thing it did, and does nothing the second time', async () => {
    const shop = await world('setup_twice');
    const first = await shop.run('setup');
    expect(first).toMatchObject({ code: 0, errors: [] });
    expect(first.lines).toEqual([
      "done     create the worker kit's tables in schema walmq",
      "done     create capture's tables in schema walmq",
      'done     set REPLICA IDENTITY FULL on public.items (it is DEFAULT)',
      'done     set REPLICA IDENTITY FULL on public.orders (it is DEFAULT)',
      'done     create publication "walmq" for public.items, public.orders',
      'done     create slot "setup_twice"',
    ]);
    const state = await stateOf(shop);
    expect(state).toMatchObject({
      identities: [
        { name: 'items', relreplident: 'f' },
        { name: 'orders', relreplident: 'f' },
      ],
      publications: [{ pubname: 'walmq', puballtables: false, pubviaroot: true }],
      slots: [{ plugin: 'pgoutput', failover: major >= 17 ? 'true' : null }],
    });

    const asJson = await shop.run('setup', '--json');
    expect(asJson.lines.map(line => JSON.parse(line))).toEqual(
      Array(6).fill({ status: 'ok', what: expect.any(String), remedy: null }),
    );
    const loss = await shop.run('accept-loss', '--json');
    expect(loss).toMatchObject({ code: 1, errors: [expect.stringContaining('NOT_CONFIRMED')] });
    expect(JSON.parse(loss.lines.join(''))).toEqual({
      checkpoints: [null],
      acknowledged: expect.stringMatching(/^[0-9A-F]+\/[0-9A-F]+$/),
      moved: false,
    });

    const second = await shop.run('setup');
    expect(second.code).toBe(0);
    expect(second.lines.map(line => line.split(' ')[0])).toEqual(Array(6).fill('ok'));
    expect(await stateOf(shop)).toEqual(state);
  });

  it('says how the queues could be divided over several pipelines, and changes nothing', async () => {
    const shop = await world('setup_split', {
      queues: { orders: { table: 'orders' }, items: { table: 'items' } },
    });
    const before = await stateOf(shop);
    await shop.client.query('INSERT INTO orders (id) SELECT generate_series(1, 30)');
    await expect
      .poll(async () => (await shop.run('setup', '--split', '2')).lines.join('\n'), { timeout: 60_000 })
      .toMatch(
        /pipeline 1 {2}100 % of the writes\n.*slot: 'setup_split_1'.*prefix: '.*-1'.*\n {2}queues: orders/,
      );
    expect((await shop.run('setup', '--split', '1')).code).toBe(2);
    expect(await stateOf(shop)).toEqual(before);
    const joined = await world('setup_joined');
    expect(await joined.run('setup', '--split', '2')).toMatchObject({
      code: 1,
      errors: [expect.stringContaining('SPLIT_IMPOSSIBLE')],
    });
  });

  it('adds what the configuration has come to need, and nothing else', async () => {
    const shop = await world('setup_more');
    await shop.client.query(
      "CREATE PUBLICATION walmq FOR TABLE orders WITH (publish = 'insert'); ALTER TABLE orders REPLICA IDENTITY FULL",
    );
    const { lines } = await shop.run('setup');
    expect(lines.filter(line => !line.includes('create'))).toEqual([
      'done     set REPLICA IDENTITY FULL on public.items (it is DEFAULT)',
      'ok       public.orders: REPLICA IDENTITY FULL',
      'ok       publication "walmq" exists',
      'done     add public.items to publication "walmq"',
      'done     let publication "walmq" publish update, delete, truncate too',
    ]);
    expect(await stateOf(shop)).toMatchObject({
      published: [{ tablename: 'items' }, { tablename: 'orders' }],
      // No table is partitioned, so this is left as it was.
      publications: [{ pubinsert: true, pubtruncate: true, pubviaroot: false }],
    });
  });

  it('with --dry-run says the same and leaves nothing, not even of tables it would make', async () => {
    const shop = await world('setup_dry', {
      schema: 'SELECT',
      queues: { payments: { outbox: 'payment' } },
    });
    const before = await stateOf(shop);
    const dry = await shop.run('setup', '--outbox', '--audit', '--dry-run');
    expect(dry.code).toBe(0);
    expect(await stateOf(shop)).toEqual(before);
    const done = await shop.run('setup', '--outbox', '--audit');
    expect(dry.lines).toEqual(done.lines.map(line => line.replace('done ', 'would')));
    expect(dry.lines).toContain('would    create slot "setup_dry"');
  });

  it('with --sql prints a script that leads to the same state, and may be run again', async () => {
    const queues = { ...QUEUES, payments: { outbox: 'payment' } };
    const byScript = await world('setup_script', { queues });
    const byCommand = await world('setup_command', { queues });
    const { code, lines } = await byScript.run('setup', '--outbox', '--sql');
    expect(code).toBe(0);
    const before = await byScript.client.query('SELECT FROM pg_publication');
    expect(before.rowCount).toBe(0);

    await runScript(byScript.client, lines.join('\n'));
    await byCommand.run('setup', '--outbox');
    const state = await stateOf(byScript);
    expect(state).toEqual(await stateOf(byCommand));
    expect(state).toMatchObject({ slots: [{ plugin: 'pgoutput' }] });

    await runScript(byScript.client, lines.join('\n'));
    expect(await stateOf(byScript)).toEqual(state);
    expect((await byScript.run('setup', '--outbox', '--sql')).lines).toEqual(['-- nothing to do']);
  });

  it('names the program that makes the tables of the shop in place of the former --shop', async () => {
    const shop = await world('setup_shop');
    const { code, errors } = await shop.run('setup', '--shop');
    expect(code).toBe(1);
    expect(errors.join()).toMatch(/^SETUP_SHOP_MOVED: .*Run "npm run shop-setup"/);
    expect((await shop.run('setup', '--help')).lines.join()).not.toContain('--shop');
  });

  it('takes names that have to be quoted, in SQL and within what is quoted already', async () => {
    const names = await world('setup_names', {
      schema: `CREATE SCHEMA "My-Schema"; CREATE TABLE "My-Schema"."Tab'le$walmq$" (id int PRIMARY KEY);
        CREATE SCHEMA "select"; CREATE TABLE "select"."table" (id int PRIMARY KEY) PARTITION BY RANGE (id);
        CREATE TABLE "select"."a part\\'s "" name" PARTITION OF "select"."table" FOR VALUES FROM (0) TO (10)`,
      queues: { odd: { tables: { "My-Schema.Tab'le$walmq$": {}, 'select.table': {} } } },
    });
    expect(await names.run('setup')).toMatchObject({ code: 0, errors: [] });
    const { rows } = await names.client.query(
      `SELECT relname, relreplident FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text IN ('"My-Schema"', '"select"') ORDER BY 1`,
    );
    expect(rows).toEqual([
      { relname: "Tab'le$walmq$", relreplident: 'f' },
      { relname: 'a part\\\'s " name', relreplident: 'f' },
      { relname: 'table', relreplident: 'f' },
    ]);
    const published = await names.client.query('SELECT tablename FROM pg_publication_tables ORDER BY 1');
    expect(published.rows).toEqual([{ tablename: "Tab'le$walmq$" }, { tablename: 'table' }]);
    expect((await names.run('setup', '--sql')).lines).toEqual(['-- nothing to do']);
  });

  it('names the table that was probably meant', async () => {
    const shop = await world('setup_meant', {
      schema: `CREATE TABLE "User" (id int PRIMARY KEY); CREATE TABLE order_items (id int PRIMARY KEY);
        CREATE SCHEMA sales; CREATE TABLE sales.invoices (id int PRIMARY KEY)`,
      queues: {
        a: { table: 'user' },
        b: { table: 'oder_items' },
        c: { table: 'invoices' },
        d: { table: 'nothing_like_it' },
      },
    });
    const { errors } = await shop.run('setup');
    expect(errors.join('\n')).toMatch(/^TABLE_MISSING: /);
    for (const name of ['User', 'order_items', 'sales.invoices'])
      expect(errors.join('\n')).toContain(`Did you mean "${name}"?`);
    expect(errors.join('\n').match(/Did you mean/g)).toHaveLength(3);
    const { checks } = await shop.doctor();
    const tables = checks.filter(({ check }) => check === 'tables');
    expect(
      tables.map(({ remedy }) => /^Did you mean "(.*)"\? Create it/.exec(remedy ?? '')?.[1]).sort(),
    ).toEqual(['User', 'order_items', 'sales.invoices', undefined]);
  });

  it('with --outbox makes the outbox table as it is configured, and publishes it', async () => {
    const queues = { payments: { outbox: 'payment' }, emails: { messages: true } };
    const dry = await world('setup_outbox_dry', { schema: 'SELECT', queues });
    const before = await stateOf(dry);
    const planned = await dry.run('setup', '--outbox', '--dry-run');
    expect(await stateOf(dry)).toEqual(before);
    expect(planned.lines).toContain('would    create the outbox table public.outbox');
    await runScript(dry.client, (await dry.run('setup', '--outbox', '--sql')).lines.join('\n'));
    // Nobody asks for the old row of an event: to write it to the WAL again when it is deleted would be for nothing.
    const identities = [{ name: 'outbox', relreplident: 'd' }];
    expect(await stateOf(dry)).toMatchObject({ published: [{ tablename: 'outbox' }], identities });
    expect((await dry.run('setup', '--outbox', '--sql')).lines).toEqual(['-- nothing to do']);

    // A table that an application has already need have no more than the columns that decide a row's way.
    const own = await world('setup_outbox_own', {
      queues,
      schema: 'CREATE TABLE outbox (nr int PRIMARY KEY, aggregate_type text, aggregate_id text, type text)',
    });
    expect(await own.run('setup')).toMatchObject({ code: 0 });
    const { checks } = await own.doctor();
    expect(checks.filter(({ status }) => status === 'error')).toEqual([]);
    expect(checks.filter(({ check, status }) => check === 'replica-identity' && status !== 'ok')).toEqual([]);
    const keyless = await world('setup_outbox_keyless', {
      queues,
      schema: 'CREATE TABLE outbox (aggregate_type text, aggregate_id text, type text)',
    });
    expect(await keyless.run('setup')).toMatchObject({ code: 0 });
    await keyless.client.query("INSERT INTO outbox VALUES ('payment', '1', 'paid')");
    await keyless.client.query('DELETE FROM outbox');

    const without = await world('setup_outbox_none', { queues });
    expect((await without.run('setup')).errors[0]).toMatch(
      /^TABLE_MISSING: .*public\.outbox.*setup --outbox/,
    );
    const unused = await world('setup_outbox_unused', {
      schema: 'SELECT',
      queues: { a: { messages: true } },
    });
    expect((await unused.run('setup', '--outbox')).errors[0]).toMatch(/^SETUP_OUTBOX_UNUSED: /);
    expect(await unused.run('setup')).toMatchObject({
      code: 0,
      lines: expect.arrayContaining([
        'done     create publication "walmq" without tables: logical messages need none',
      ]),
    });
    expect((await unused.doctor()).checks.filter(({ status }) => status === 'error')).toEqual([]);
  });

  it('does not take a slot of another database', async () => {
    const shop = await world('setup_slot_a');
    await shop.run('setup');
    const other = await world('setup_slot_b', { queues: { orders: { table: 'orders' } } });
    await other.client.query(
      `SELECT pg_drop_replication_slot('setup_slot_a'), pg_create_logical_replication_slot('setup_slot_a', 'pgoutput')`,
    );
    const { code, errors } = await shop.run('setup');
    expect(code).toBe(1);
    expect(errors[0]).toMatch(/^SLOT_FOREIGN: .*of database "setup_slot_b"/);
    await other.client.query("SELECT pg_drop_replication_slot('setup_slot_a')");
  });
});
