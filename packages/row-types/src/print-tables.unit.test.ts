import { describe, expect, it } from 'vitest';
import { rowNames, validatorName } from './name-tables.js';
import { printName, printString } from './print-literal.js';
import { printTables } from './print-tables.js';
import type { TableModel } from './read-tables.js';

const table = (name: string) => {
  const [bare = '', schema = 'public'] = name.split('.').reverse();
  return { schema, table: bare };
};

describe('names', () => {
  it.each<[tables: string[], names: string[]]>([
    [['orders'], ['OrdersRow']],
    [['order_items'], ['OrderItemsRow']],
    [
      ['OrderItems', 'order_items', 'order-items'],
      ['OrderItemsRow', 'OrderItemsRow2', 'OrderItemsRow3'],
    ],
    [
      ['sales_orders', 'sales.orders'],
      ['SalesOrdersRow', 'SalesOrdersRow2'],
    ],
    [['2nd'], ['T2ndRow']],
    [
      ['__', '§'],
      ['TRow', 'TRow2'],
    ],
    [['größe'], ['GrößeRow']],
    [['表'], ['表Row']],
    [['class'], ['ClassRow']],
  ])('of %j are %j', (tables, names) => {
    expect(rowNames(tables.map(table))).toEqual(names);
  });

  it('of validators begin in lower case', () => {
    expect(validatorName('OrdersRow2')).toBe('ordersRow2');
  });
});

describe('what is printed', () => {
  it.each([
    ["it's", `"it's"`],
    ['say "it"', `'say "it"'`],
    [`it's "it"`, `'it\\'s "it"'`],
    ['back\\slash\n', `'back\\\\slash\\n'`],
    ['line\u2028break', `'line\\u2028break'`],
  ])('is the string %j, in quotes that need the fewest escapes', (text, printed) => {
    expect(printString(text)).toBe(printed);
  });

  it('never sets a prototype', () => {
    expect(printName('__proto__')).toBe(`['__proto__']`);
  });

  it('keeps comments in, whatever they hold', () => {
    const model: TableModel = {
      ...table('t'),
      comment: '*/ escape(); /*',
      oldRow: 'whole',
      key: [],
      columns: [
        {
          name: 'a',
          sqlType: '"*/"',
          type: 'text',
          nullable: false,
          comment: 'one\r\n*/\u2029two **/ */*/',
        },
      ],
    };
    const comments = [...printTables([model]).matchAll(/\/\*\*(.*?)\*\//gs)].map(([comment]) => comment);
    const code = comments.reduce((text, comment) => text.replace(comment, ''), printTables([model]));
    expect(code).not.toMatch(/escape|two|\*\//);
  });
});
