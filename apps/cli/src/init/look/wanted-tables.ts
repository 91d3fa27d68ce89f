import { parseTableName, type TableName, WalmqError } from '@walmq/change';

/** Splits `orders,"my schema"."odd, name"` at commas outside quotes. Throws OPTION_INVALID. */
export function wantedTables(text: string, schema: string | undefined): TableName[] {
  const parts = text.match(/(?:[^,"]|"(?:[^"]|"")*"?)+/g) ?? [];
  const names = parts.map(part => part.trim()).filter(part => part !== '');
  const tables = names.map(name => wantedTable(name, schema));
  return tables.filter((one, at) => tables.findIndex(each => same(each, one)) === at);
}

function wantedTable(text: string, schema: string | undefined): TableName {
  const name = parseTableName(text);
  if (!name)
    throw new WalmqError('OPTION_INVALID', `"${text}" is not the name of a table.`, {
      remedy: `Write it as SQL does, with a name that holds a space, a dot or a quote in double quotes: --tables '"my schema"."odd.name"'.`,
    });
  const hasSchema = parseTableName(`${text}.x`) === undefined;
  return schema !== undefined && !hasSchema ? { ...name, schema } : name;
}

function same(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.table === b.table;
}
