import {
  type EmbeddedPostgres,
  type EmbeddedRedis,
  embeddedPostgresMajor,
  startPostgres,
  startRedis,
} from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CliWorld, walmq } from './cli-fixture.js';

const major = embeddedPostgresMajor();
let postgres: EmbeddedPostgres;
let redis: EmbeddedRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([
    startPostgres({ settings: { max_prepared_transactions: 2 } }),
    startRedis(),
  ]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

const SHOP = `CREATE TABLE orders (id int PRIMARY KEY, status text);
  CREATE TABLE items (id int PRIMARY KEY, order_id int);`;
const QUEUES = {
  orders: { table: 'orders' },
  reservations: { tables: { orders: { orderBy: 'id' }, items: { orderBy: 'order_id' } } },
};

type Input = Parameters<typeof CliWorld.create>[2];

async function world(name: string, input: Partial<Input> = {}): Promise<CliWorld> {
  const servers = { postgres, redis };
  const made = await CliWorld.create(servers, name, { schema: SHOP, queues: QUEUES, ...input });
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

/** A second connection to the world's database, which the test ends. */
async function connect({ env }: CliWorld): Promise<Client> {
  const client = new Client(env.DATABASE_URL);
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** Everything that setup may have made, without what differs between two databases. */
async function stateOf({ client, name }: CliWorld): Promise<unknown> {
  const query = async (sql: string) => (await client.query(sql)).rows;
  return {
    columns: await query(
      `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema IN ('walmq', 'public', 'shop') ORDER BY 1, 2, ordinal_position`,
    ),
    indexes: await query(
      `SELECT schemaname, indexname FROM pg_indexes WHERE schemaname IN ('walmq', 'public', 'shop') ORDER BY 1, 2`,
    ),
    identities: await query(
      `SELECT oid::regclass::text AS name, relreplident FROM pg_class
        WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1`,
    ),
    publications: await query(
      'SELECT pubname, puballtables, pubinsert, pubtruncate, pubviaroot FROM pg_publication',
    ),
    published: await query('SELECT schemaname, tablename FROM pg_publication_tables ORDER BY 1, 2'),
    slots: await query(
      `SELECT plugin, to_jsonb(s) ->> 'failover' AS failover FROM pg_replication_slots s WHERE slot_name = '${name}'`,
    ),
  };
}

/** As psql does: one statement after the other, each in a transaction of its own. */
async function runScript(client: Client, script: string): Promise<void> {
  const outsideOfDollarQuotes = /;\n(?=(?:[^$]*\$walmq\$[^$]*\$walmq\$)*[^$]*$)/;
  for (const statement of script.split(outsideOfDollarQuotes)) await client.query(statement);
}

const BY_KEY = { orders: { table: 'orders' }, items: { table: 'items' } };

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

  it('sets partitions too, at every depth and as they come, and publishes them as their table', async () => {
    const shop = await world('setup_parts', {
      schema: `CREATE TABLE orders (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (day);
        CREATE TABLE orders_1_1 PARTITION OF orders_1 FOR VALUES FROM (0) TO (5);
        CREATE PUBLICATION walmq FOR TABLE orders`,
      queues: { orders: { table: 'orders' } },
    });
    const first = await shop.run('setup');
    expect(first.lines).toContain('done     let publication "walmq" publish partitions as their table');
    const whole = (...names: string[]) => ({
      identities: names.map(name => ({ name, relreplident: 'f' })),
      published: [{ schemaname: 'public', tablename: 'orders' }],
    });
    expect(await stateOf(shop)).toMatchObject(whole('orders', 'orders_1', 'orders_1_1'));

    await shop.client.query('CREATE TABLE orders_2 PARTITION OF orders FOR VALUES FROM (10) TO (20)');
    const second = await shop.run('setup');
    expect(second.lines).toContain('done     set REPLICA IDENTITY FULL on public.orders_2 (it is DEFAULT)');
    expect(await stateOf(shop)).toMatchObject(whole('orders', 'orders_1', 'orders_1_1', 'orders_2'));
  });

  it.runIf(major >= 18)(
    'leaves UPDATE and DELETE working on tables with generated columns, new to the publication or in it already',
    async () => {
      const schema = `
      CREATE TABLE orders (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
      CREATE TABLE items (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) VIRTUAL);`;
      for (const [name, before] of [
        ['setup_generated', ''],
        ['setup_generated_old', 'CREATE PUBLICATION walmq FOR TABLE orders, items;'],
      ] as const) {
        const shop = await world(name, { schema: schema + before, queues: BY_KEY });
        const first = await shop.run('setup');
        expect(first).toMatchObject({ code: 0, errors: [] });
        expect(first.lines.join('\n')).toMatch(/warning +public.items has a VIRTUAL generated column/);
        for (const table of ['orders', 'items']) {
          await shop.client.query(`INSERT INTO ${table} VALUES (1, 1)`);
          await shop.client.query(`UPDATE ${table} SET n = 2`);
          await shop.client.query(`DELETE FROM ${table}`);
        }
        expect(await stateOf(shop)).toMatchObject({
          identities: [
            { name: 'items', relreplident: 'd' },
            { name: 'orders', relreplident: 'f' },
          ],
        });
        const { checks } = await shop.doctor();
        const ofTables = checks.filter(({ check }) => check === 'replica-identity');
        expect(ofTables.map(({ status }) => status)).toEqual(['warning']);
        const second = await shop.run('setup');
        expect(second.lines.filter(line => line.startsWith('done'))).toEqual([]);
      }
    },
  );

  it.runIf(major >= 18)('says of a table whose UPDATEs fail already, and mends it', async () => {
    const shop = await world('setup_failing', {
      queues: BY_KEY,
      schema: `
        CREATE TABLE orders (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) VIRTUAL);
        CREATE TABLE items (id int PRIMARY KEY);
        ALTER TABLE orders REPLICA IDENTITY FULL;
        CREATE PUBLICATION walmq FOR TABLE orders;
        INSERT INTO orders VALUES (1, 1);`,
    });
    await expect(shop.client.query('UPDATE orders SET n = 2')).rejects.toThrow('cannot update table');
    const { checks } = await shop.doctor();
    expect(
      checks.find(({ status, check }) => status === 'error' && check === 'replica-identity')?.found,
    ).toMatch(/public.orders .* every UPDATE and DELETE on it fails/);
    expect((await shop.run('setup')).code).toBe(0);
    await shop.client.query('UPDATE orders SET n = 2');
  });

  it('keeps a publication FOR ALL TABLES and warns of it; warns of a table without a key', async () => {
    const shop = await world('setup_all', {
      schema: 'CREATE TABLE log (line text); CREATE PUBLICATION walmq FOR ALL TABLES',
      queues: { log: { table: 'log' }, unordered: { table: 'log', orderBy: false } },
    });
    const { code, lines } = await shop.run('setup');
    expect(code).toBe(0);
    expect(lines.find(line => /^warning .*FOR ALL TABLES and is kept/.test(line))).toBeDefined();
    expect(
      lines.find(line => /^warning .*public\.log has no primary key.*in queue "log"\./.test(line)),
    ).toBeDefined();
    expect(await stateOf(shop)).toMatchObject({
      publications: [{ puballtables: true }],
      identities: [{ name: 'log', relreplident: 'f' }],
    });
  });

  it.each([
    ['a table that is not there', { orders: { table: 'sales.orders' } }, /^TABLE_MISSING: .*sales\.orders/],
    [
      'a column that is not there',
      { by_order: { table: 'items', orderBy: 'orderid' } },
      /^COLUMN_MISSING: queue "by_order" is ordered by public\.items\.orderid/,
    ],
    ['an unlogged table', { temporary: { table: 'carts' } }, /^TABLE_UNLOGGED: .*public\.carts/],
  ])('refuses %s, and changes nothing', async (name, queues, expected) => {
    const shop = await world(`setup_${name.replaceAll(/\W/g, '_')}`, {
      schema: `${SHOP} CREATE UNLOGGED TABLE carts (id int PRIMARY KEY)`,
      queues,
    });
    const before = await stateOf(shop);
    const { code, errors } = await shop.run('setup');
    expect(code).toBe(1);
    expect(errors).toEqual([expect.stringMatching(expected)]);
    expect(await stateOf(shop)).toEqual(before);
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

  describe('without the rights', () => {
    it('says what to grant, step by step, until the role has them all', async () => {
      const shop = await world('setup_denied', { queues: { orders: { table: 'orders' } } });
      await shop.client.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
      const clerk = shop.as('clerk', 'clerk');
      const denied = async () => {
        const { code, errors } = await walmq(['setup'], clerk);
        expect(code).toBe(1);
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .*walmq setup --sql/);
        return errors[0];
      };
      expect(await denied()).toContain('GRANT CREATE ON DATABASE "setup_denied" TO "clerk";');
      await shop.client.query('GRANT CREATE ON DATABASE setup_denied TO clerk');
      expect(await denied()).toMatch(
        /must be owner of table orders\. Run "npx walmq setup" as \S+\. Or give/,
      );
      await shop.client.query(
        'CREATE ROLE "Keeper of orders"; ALTER TABLE orders OWNER TO "Keeper of orders"',
      );
      const grant = 'GRANT "Keeper of orders" TO clerk;';
      expect(await denied()).toContain(`Run "npx walmq setup" as "Keeper of orders", or run ${grant} first.`);
      await shop.client.query(grant);
      expect(await denied()).toContain('ALTER ROLE "clerk" REPLICATION;');
      await shop.client.query('ALTER ROLE clerk REPLICATION');
      const { code, lines } = await walmq(['setup'], clerk);
      expect(code).toBe(0);
      expect(lines.at(-1)).toBe('done     create slot "setup_denied"');
    });

    it('says that making tables in schema public is a right of its own', async () => {
      const shop = await world('setup_public', {
        schema: 'SELECT',
        queues: { payments: { outbox: 'payment' } },
      });
      await shop.client.query(`CREATE ROLE intern LOGIN REPLICATION PASSWORD 'intern';
        GRANT CREATE ON DATABASE setup_public TO intern;
        -- As it is from PostgreSQL 15 on.
        REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
      const intern = shop.as('intern', 'intern');
      const { errors } = await walmq(['setup', '--outbox'], intern);
      expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .*permission denied for schema public/);
      const [grant = ''] = /GRANT CREATE ON SCHEMA public TO "intern";/.exec(errors[0] ?? '') ?? [];
      await shop.client.query(grant);
      expect(await walmq(['setup', '--outbox'], intern)).toMatchObject({ code: 0, errors: [] });
    });

    it('needs none where everything is there already', async () => {
      const shop = await world('setup_done');
      await shop.run('setup');
      await shop.client.query("CREATE ROLE reader LOGIN PASSWORD 'reader'");
      expect(await walmq(['setup'], shop.as('reader', 'reader'))).toMatchObject({ code: 0, errors: [] });
    });
  });

  it('lets the roles alone send messages that --publishers names; doctor says who may', async () => {
    const shop = await world('setup_publishers');
    await shop.client.query(`CREATE ROLE "Sender of mail" LOGIN PASSWORD 'x'; CREATE ROLE stranger LOGIN PASSWORD 'x';
      CREATE ROLE chief LOGIN CREATEROLE PASSWORD 'x'; ALTER DATABASE setup_publishers OWNER TO chief`);
    const send = async (role: string) => {
      const client = new Client(shop.as(role, 'x').DATABASE_URL);
      await client.connect();
      const sent = await client
        .query(
          "SELECT pg_logical_emit_message(true, 'a', 'b'), pg_logical_emit_message(true, 'a', '\\x00'::bytea)",
        )
        .then(
          () => 'sent',
          error => String(error.message),
        );
      await client.end();
      return sent;
    };
    const doctor = async (env = shop.env) => {
      const { lines } = await walmq(['doctor', '--json'], env);
      const checks = JSON.parse(lines.join('\n')) as {
        check: string;
        status: string;
        found: string;
        remedy: string;
      }[];
      return checks.find(({ check }) => check === 'publishers');
    };
    await shop.run('setup');
    expect(await doctor()).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^every role may send/),
    });
    const args = ['setup', '--publishers', 'Sender of mail'];
    // A REVOKE of somebody else revokes nothing, and is a warning to PostgreSQL.
    const { errors } = await walmq(args, shop.as('chief', 'x'));
    expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .* as a superuser/);
    expect(await send('stranger')).toBe('sent');

    const { lines } = await shop.run(...args, '--sql');
    await shop.client.query(lines.join('\n'));
    expect(await send('stranger')).toMatch(/permission denied for function pg_logical_emit_message/);
    expect(await send('Sender of mail')).toBe('sent');
    expect((await shop.run(...args)).lines.at(-1)).toBe(
      'ok       "Sender of mail" alone may send logical messages',
    );
    expect(await doctor()).toMatchObject({
      found: 'may send events and contexts: "Sender of mail", superusers',
    });
    const denied = await doctor(shop.as('stranger', 'x'));
    expect(denied).toMatchObject({ status: 'error' });
    await shop.client.query(denied?.remedy as string);
    expect(await send('stranger')).toBe('sent');
  });

  describe('when it has to wait', () => {
    it('names the transaction that a slot waits for, and leaves no slot behind', async () => {
      const shop = await world('setup_waits');
      const other = await connect(shop);
      await shop.run('setup');
      await shop.client.query("SELECT pg_drop_replication_slot('setup_waits')");
      await other.query('BEGIN; INSERT INTO orders VALUES (1)');
      const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

      const { code, errors } = await shop.run('setup', '--wait', '0.2');
      expect(code).toBe(1);
      expect(errors[0]).toMatch(/^SETUP_SLOT_WAITS: /);
      expect(errors[0]).toContain(`pg_terminate_backend(${rows[0]?.pid})`);
      expect(await stateOf(shop)).toMatchObject({ slots: [] });

      await other.query('COMMIT');
      expect(await shop.run('setup')).toMatchObject({ code: 0 });
    });

    it('names a prepared transaction too', async () => {
      const shop = await world('setup_prepared');
      await shop.client.query("BEGIN; INSERT INTO orders VALUES (1); PREPARE TRANSACTION 'forgotten'");
      const { errors } = await shop.run('setup', '--wait', '0.2');
      await shop.client.query("ROLLBACK PREPARED 'forgotten'");
      // The table is locked by it before the slot waits for it.
      expect(errors[0]).toMatch(/^SETUP_TABLE_WAITS: .*forgotten.*ROLLBACK PREPARED 'forgotten'/);
    });

    it('names the transaction that holds a table, and does not hold up others behind it', async () => {
      const shop = await world('setup_locked');
      const other = await connect(shop);
      await other.query('BEGIN; SELECT FROM orders');
      const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const { code, errors } = await shop.run('setup', '--wait', '0.2');
      expect(code).toBe(1);
      expect(errors[0]).toMatch(/^SETUP_TABLE_WAITS: .*REPLICA IDENTITY FULL on public\.orders/);
      expect(errors[0]).toContain(`process ${rows[0]?.pid}`);
      await other.query('ROLLBACK');
      expect(await shop.run('setup')).toMatchObject({ code: 0 });
    });
  });
});
