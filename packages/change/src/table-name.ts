/** Schema and name of a table as the catalog stores them, without quotes. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** One name: without quotes and with its capitals unchanged, or in double quotes, with a double quote inside it doubled. */
const PART = '[^\\s".]+|"(?:[^"\\0]|"")+"';
const TABLE = new RegExp(`^(?:(${PART})\\.)?(${PART})$`, 'u');
const PLAIN = /^[^\s".]+$/u;
const QUOTED = /^"(?:[^"\0]|"")+"$/u;

/**
 * A table's name in configuration, handlers and logs: `orders`, or `sales.orders` outside schema public. A name with
 * a space, a dot or a quote is in double quotes, as in SQL: `"my schema"."odd.name"`. No two tables have the same text.
 */
export function tableName(name: TableName): string {
  return name.schema === 'public' ? plainOrQuoted(name.table) : qualifiedName(name);
}

/** Like tableName, but always with the schema: `public.orders`. */
export function qualifiedName({ schema, table }: TableName): string {
  return `${plainOrQuoted(schema)}.${plainOrQuoted(table)}`;
}

/** Parses the forms of tableName and qualifiedName. Undefined if the text is not a table's name. */
export function parseTableName(text: string): TableName | undefined {
  const name = parseNames(text);
  return name && { schema: name.schema ?? 'public', table: name.table };
}

/** Converts any form of a table's name to the form of tableName. Returns other texts unchanged. */
export function normalTableName(text: string): string {
  const name = parseTableName(text);
  return name ? tableName(name) : text;
}

/**
 * Quotes a table's name for SQL. A name without a schema stays without, so SQL looks it up along the search path.
 * Undefined if the text is not a table's name.
 */
export function sqlTableOf(text: string): string | undefined {
  const name = parseNames(text);
  if (!name) return undefined;
  const { schema, table } = name;
  return schema === undefined ? sqlIdentifier(table) : sqlTable({ schema, table });
}

function parseNames(text: string): { schema: string | undefined; table: string } | undefined {
  const [, schema, table] = TABLE.exec(text) ?? [];
  if (table === undefined) return undefined;
  return { schema: schema === undefined ? undefined : unquoted(schema), table: unquoted(table) };
}

/**
 * Parses one name, of a column or a publication. Removes double quotes as SQL does; otherwise returns the text unchanged,
 * because a dot or a space in a single name is not ambiguous.
 */
export function parseIdentifier(text: string): string {
  return QUOTED.test(text) ? unquoted(text) : text;
}

/** `"schema"."table"`, quoted for SQL. */
export function sqlTable({ schema, table }: TableName): string {
  return `${sqlIdentifier(schema)}.${sqlIdentifier(table)}`;
}

/** `"name"`, quoted for SQL. */
export function sqlIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function plainOrQuoted(name: string): string {
  return PLAIN.test(name) ? name : sqlIdentifier(name);
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}
