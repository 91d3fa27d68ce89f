import type { TraceQuery } from '@walmq/operations';
import { pathWith } from '../page/links.js';

/** Parameters of the page, as a URL has them: a parameter may come several times. */
export type RowParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What the page is asked for; undefined: nothing yet. */
export function queryOf(parameters: RowParameters): TraceQuery | undefined {
  const one = (name: string) => {
    const value = [parameters[name] ?? ''].flat()[0]?.trim();
    return value === '' ? undefined : value;
  };
  const by = one('by');
  const value = one('value');
  const [change, lsn, event] = (['change', 'lsn', 'event'] as const).map(
    name => one(name) ?? (by === name ? value : undefined),
  );
  if (change !== undefined) return { by: 'change', id: change };
  if (lsn !== undefined) return { by: 'lsn', lsn };
  if (event !== undefined) return { by: 'event', key: event };
  const table = one('table');
  const key = [parameters.key ?? ''].flat().filter(text => text !== '');
  if (table === undefined || key.length === 0) return undefined;
  return { by: 'row', table, key, orderKey: one('orderKey') };
}

/** The page's path for a row, without the base path. `key`: the values of the key in its order. */
export function rowPath(table: string, key: readonly string[]): string {
  return pathWith('/row', { table, key });
}

/** The page's path for one change. */
export function changePath(id: string): string {
  return pathWith('/row', { change: id });
}
