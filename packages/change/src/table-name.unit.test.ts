import { describe, expect, it } from 'vitest';
import { parseIdentifier, parseTableName, qualifiedName, sqlTable, tableName } from './table-name.js';

describe('names of tables', () => {
  it.each([
    ['public', 'orders', 'orders', 'public.orders'],
    ['sales', 'orders', 'sales.orders', 'sales.orders'],
    ['Weird-Schema', 'OrderItems', 'Weird-Schema.OrderItems', 'Weird-Schema.OrderItems'],
    ['public', 'a.b', '"a.b"', 'public."a.b"'],
    ['a.b', 'c', '"a.b".c', '"a.b".c'],
    ['a', 'b.c', 'a."b.c"', 'a."b.c"'],
    ['my schema', 'odd "one"', '"my schema"."odd ""one"""', '"my schema"."odd ""one"""'],
    ['public', '"', '""""', 'public.""""'],
    ['public', 'größe', 'größe', 'public.größe'],
    ['line\nbreak', 'tab\t', '"line\nbreak"."tab\t"', '"line\nbreak"."tab\t"'],
  ])('%j and %j are written %s, and read back', (schema, table, short, full) => {
    expect(tableName({ schema, table })).toBe(short);
    expect(qualifiedName({ schema, table })).toBe(full);
    expect(parseTableName(short)).toEqual({ schema, table });
    expect(parseTableName(full)).toEqual({ schema, table });
  });

  it('may be quoted where they need not be', () => {
    expect(parseTableName('"public"."orders"')).toEqual({ schema: 'public', table: 'orders' });
    expect(parseTableName('"orders"')).toEqual({ schema: 'public', table: 'orders' });
  });

  it.each(['', 'a b', 'a.b.c', 'a.', '.a', '""', '"a', 'a"b', '"a"b', 'a . b', '"a\0b"', ' a'])(
    '%j is none',
    text => {
      expect(parseTableName(text)).toBeUndefined();
    },
  );

  it('of columns are taken as they are unless they are in quotes', () => {
    expect(parseIdentifier('order id')).toBe('order id');
    expect(parseIdentifier('a.b"c')).toBe('a.b"c');
    expect(parseIdentifier('"order ""id"""')).toBe('order "id"');
  });

  it('are always quoted in SQL', () => {
    expect(sqlTable({ schema: 'user', table: 'a"b' })).toBe('"user"."a""b"');
  });
});
