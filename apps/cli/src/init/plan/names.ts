import { type TableName, tableName } from '@walmq/change';
import { READY_WORKERS } from '@walmq/config';

/** The configuration allows 63. */
const MAX_LENGTH = 59;

/**
 * One name per table for its queue, its worker and the worker's file: `orders`, or `sales-orders` outside schema
 * public. No two are the same, also where a file system ignores capitals.
 */
export function workerNames(tables: readonly TableName[]): string[] {
  const taken = new Set<string>(READY_WORKERS);
  return tables.map(table => {
    const plain = `${table.schema === 'public' ? '' : `${table.schema}-`}${table.table}`;
    const ascii = plain.replaceAll(/[^A-Za-z0-9_-]+/g, '-');
    const base = ascii.replace(/^[_-]+|-+$/g, '').slice(0, MAX_LENGTH) || 'table';
    let name = base;
    for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${base}-${n}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

/** A JavaScript string literal in single quotes. */
export function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** A property's name in an object literal: quoted only if it must be. */
export function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** The table's name in configuration and handlers, as a property's name. */
export function tableProperty(table: TableName): string {
  return property(tableName(table));
}
