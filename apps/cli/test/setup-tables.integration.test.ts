import { embeddedPostgresMajor } from '@walmq/embedded';
import { describe, expect, it } from 'vitest';
import { SHOP, stateOf, worldsForSetup } from './setup-fixture.js';

const BY_KEY = { orders: { table: 'orders' }, items: { table: 'items' } };
const major = embeddedPostgresMajor();
const world = worldsForSetup();

describe('walmq setup: tables and their publication', () => {
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
});
