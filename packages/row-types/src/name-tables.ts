import type { TableName } from '@walmq/change';

/**
 * A TypeScript name per table, in their order: `order_items` is OrderItemsRow, `sales.orders` SalesOrdersRow.
 * If several tables get one name, the first keeps it and the others are numbered: OrdersRow2.
 */
export function rowNames(tables: readonly TableName[]): string[] {
  const taken = new Map<string, number>();
  return tables.map(table => {
    const name = `${pascalCase(table.schema === 'public' ? table.table : `${table.schema}.${table.table}`)}Row`;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name}${count}`;
  });
}

/** The name of a row's validator: ordersRow. */
export function validatorName(rowName: string): string {
  const [first = '', ...rest] = rowName;
  return first.toLowerCase() + rest.join('');
}

function pascalCase(name: string): string {
  const words = name.split(/[^\p{ID_Continue}]+|_+/u).filter(word => word !== '');
  const joined = words.map(([first = '', ...rest]) => first.toUpperCase() + rest.join('')).join('');
  return /^\p{ID_Start}/u.test(joined) ? joined : `T${joined}`;
}
