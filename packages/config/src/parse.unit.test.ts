import type { WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse.js';
import { publishedTables, resolveConfig } from './resolve.js';

/** The lines of the error's message after its first line. */
function mistakesIn(input: unknown): string[] {
  try {
    parseConfig(input, 'test');
    return [];
  } catch (error) {
    expect((error as WalmqError).code).toBe('CONFIG_INVALID');
    const [first, ...lines] = (error as WalmqError).message.split('\n');
    expect(first).toBe(`test has ${lines.length} mistake(s):`);
    return lines.map(line => line.trim());
  }
}

describe('mistakes in a configuration', () => {
  it('are all listed, of all queues and kinds at once', () => {
    expect(
      mistakesIn({
        sources: {},
        source: { slot: 'Big', publicaton: 'p' },
        queues: {
          'my orders': { table: 'orders' },
          'your:orders': { table: 'orders' },
          orders: { tabel: 'orders', attempts: 0 },
          items: { table: 'a b', columns: ['x'], omit: ['y'], onDrift: 'stop' },
          both: { table: 'a', tables: ['b'], operations: ['upsert'] },
          none: {},
          twice: { tables: ['a', '"a"', 'public.a'] },
          typo: { tables: { orders: { orderby: 'id' } }, backoff: { delay: 3 } },
        },
      }),
    ).toEqual([
      'source.slot: must be 1 to 63 lower-case letters, digits and underscores',
      'source.publicaton: is no field of the configuration. Did you mean "publication"?',
      'queues.my orders: the name of a queue has 1 to 100 characters, without spaces and ":"',
      'queues.your:orders: the name of a queue has 1 to 100 characters, without spaces and ":"',
      expect.stringMatching(/^queues\.orders\.attempts: /),
      'queues.orders.tabel: is no field of the configuration. Did you mean "table"?',
      `queues.items.table: must be "table" or "schema.table", and a name with a space, a dot or a quote stands in double quotes, as in SQL: '"a b"'`,
      expect.stringMatching(/^queues\.both\.operations\.0: /),
      'queues.typo.tables.orders.orderby: is no field of the configuration. Did you mean "orderBy"?',
      'queues.typo.backoff.delay: is no field of the configuration. Did you mean "delayMs"?',
      'sources: is no field of the configuration. Did you mean "source"?',
      'queues.items.onDrift: needs "expect" to tell drift by',
      'queues.items.omit: is said by "columns" already: take one of them',
      'queues.both: must not name both "table" and "tables"',
      'queues.none: must name what feeds it: "table" or "tables", "messages" or "outbox"',
      'queues.twice.tables: names a twice',
    ]);
  });

  it.each([undefined, null, 3, 'x', [], {}, { queues: null }, { queues: { a: null } }, { queues: [] }])(
    'are a sentence for %j',
    input => {
      expect(mistakesIn(input).length).toBeGreaterThan(0);
    },
  );
});

describe('names in a configuration', () => {
  const resolved = (input: unknown) => resolveConfig(parseConfig(input, 'test'));

  it('of tables are read as SQL reads them, but for capitals, which are kept', () => {
    const { queues } = resolved({
      queues: {
        odd: {
          tables: { '"my schema"."odd.""name"""': { orderBy: '"order id"' }, 'Weird-Schema.OrderItems': {} },
        },
        plain: { table: '"orders"' },
        dots: { tables: ['"a.b".c', 'a."b.c"'] },
      },
    });
    expect(queues.odd?.tables).toMatchObject([
      { schema: 'my schema', table: 'odd."name"', orderBy: { column: 'order id' } },
      { schema: 'Weird-Schema', table: 'OrderItems', orderBy: 'key' },
    ]);
    expect(queues.plain?.tables).toMatchObject([{ schema: 'public', table: 'orders' }]);
    expect(queues.dots?.tables).toMatchObject([
      { schema: 'a.b', table: 'c' },
      { schema: 'a', table: 'b.c' },
    ]);
  });

  it('of two tables are never taken for one', () => {
    const config = resolved({ queues: { q: { tables: ['"a.b".c', 'a."b.c"', '"a.b.c"', 'a.b'] } } });
    expect(publishedTables(config)).toHaveLength(4);
  });

  it('of columns may be quoted, and have to be where they would be read otherwise', () => {
    const queue = {
      table: 'orders',
      orderBy: '"key"',
      omit: ['plain one', '"a ""b"""'],
      mask: { '"x.y"': 'redact' },
    };
    const { q } = resolved({ queues: { q: queue } }).queues;
    expect(q?.tables[0]?.orderBy).toEqual({ column: 'key' });
    expect(q?.shape).toMatchObject({ omit: ['plain one', 'a "b"'], mask: { 'x.y': 'redact' } });
  });

  it('of the outbox are seen through their quotes', () => {
    const input = { queues: { q: { table: '"outbox"', outbox: 'order' } } };
    expect(() => resolved(input)).toThrow(/queues\.q: reads the outbox/);
  });
});
