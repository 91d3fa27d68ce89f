import { giveUp } from '@walmq/worker';
import { DELETED_COLUMN, POSITION_COLUMN } from '../sink.js';

/** BigQuery's types by column: `{ id: 'INT64', total: 'NUMERIC(12, 2)', tags: 'ARRAY<STRING>', raw: 'JSON' }`. */
export type BigqueryColumns = Readonly<Record<string, string>>;

/** A table of facts, to be created if it does not exist. */
export interface BigqueryTable {
  /** The columns of the facts' key. */
  readonly key: BigqueryColumns;
  /** The columns of the facts' values. All can be null, for tombstones. */
  readonly columns: BigqueryColumns;
}

/**
 * The statements that create what is missing: the dataset (only with a `location`), the tables, and for each table `t` the view
 * `t_newest`, which shows the last fact of each key. The sink runs them if it gets `tables`.
 */
export function bigqueryTablesSql(options: {
  readonly dataset: string;
  /** The dataset's: "EU", "europe-west3". */
  readonly location?: string;
  readonly tables: Readonly<Record<string, BigqueryTable>>;
}): string {
  const { dataset, location, tables } = options;
  const schema =
    location === undefined
      ? []
      : [`CREATE SCHEMA IF NOT EXISTS ${quoted(dataset)} OPTIONS (location = ${JSON.stringify(location)});`];
  return [
    ...schema,
    ...Object.entries(tables).flatMap(([name, table]) => tableSql(dataset, name, table)),
  ].join('\n');
}

function tableSql(dataset: string, name: string, { key, columns }: BigqueryTable): string[] {
  const place = placeOf(name, dataset);
  const table = `${quoted(place.dataset)}.${quoted(place.table)}`;
  const view = `${quoted(place.dataset)}.${quoted(`${place.table}_newest`)}`;
  const keys = Object.keys(key).map(quoted).join(', ');
  const described = [
    ...Object.entries({ ...key, ...columns }).map(([column, type]) => `${quoted(column)} ${type}`),
    `${POSITION_COLUMN} STRING NOT NULL`,
    `${DELETED_COLUMN} BOOL NOT NULL`,
  ].join(', ');
  const shown = Object.keys({ ...key, ...columns })
    .map(quoted)
    .join(', ');
  return [
    // BigQuery clusters by four columns at most.
    `CREATE TABLE IF NOT EXISTS ${table} (${described}) CLUSTER BY ${Object.keys(key).slice(0, 4).map(quoted).join(', ')};`,
    `CREATE VIEW IF NOT EXISTS ${view} AS SELECT ${shown}, ${POSITION_COLUMN} FROM ${table} WHERE TRUE` +
      ` QUALIFY ROW_NUMBER() OVER (PARTITION BY ${keys} ORDER BY ${POSITION_COLUMN} DESC) = 1 AND NOT ${DELETED_COLUMN};`,
  ];
}

const NAME = /^[\p{L}\p{N}_-]{1,1024}$/u;

/** A table "facts" of the sink's dataset, or "analytics.facts" of another one. */
export function placeOf(
  table: string,
  dataset: string,
): { readonly dataset: string; readonly table: string } {
  const parts = table.split('.');
  const [first = '', second] = parts;
  if (parts.length <= 2 && parts.every(part => NAME.test(part)))
    return second === undefined ? { dataset, table: first } : { dataset: first, table: second };
  throw giveUp(`"${table}" is not the name of a table of BigQuery.`, {
    remedy: 'Write "table" or "dataset.table", of letters, digits, "_" and "-".',
  });
}

function quoted(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}
