/** A table by schema and name, as the catalog stores them: without quotes. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** One name: without quotes as it is written (capitals too), or in double quotes, where a double quote is written twice. */
const PART = '[^\\s".]+|"(?:[^"\\0]|"")+"';
const TABLE = new RegExp(`^(?:(${PART})\\.)?(${PART})$`, 'u');
const PLAIN = /^[^\s".]+$/u;
const QUOTED = /^"(?:[^"\0]|"")+"$/u;

/**
 * As configuration, handlers and logs name a table: `orders`, or `sales.orders` outside schema public. A name with a
 * space, a dot or a quote is in double quotes, as in SQL: `"my schema"."odd.name"`. No two tables have the same.
 */
export function tableName(name: TableName): string {
  return name.schema === 'public' ? plainOrQuoted(name.table) : qualifiedName(name);
}

/** The same with its schema always in front: `public.orders`. */
export function qualifiedName({ schema, table }: TableName): string {
  return `${plainOrQuoted(schema)}.${plainOrQuoted(table)}`;
}

/** Reads what tableName and qualifiedName write; undefined if it is no name of a table. */
export function parseTableName(text: string): TableName | undefined {
  const name = parseNames(text);
  return name && { schema: name.schema ?? 'public', table: name.table };
}

/** A table's name however it is written, as tableName writes it; as it is if it is none. */
export function normalTableName(text: string): string {
  const name = parseTableName(text);
  return name ? tableName(name) : text;
}

/** As SQL reads it, where a name without a schema is looked up along the search path; undefined if it is none. */
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
 * Reads one name, of a column or a publication: in double quotes as in SQL, else as it is written, since a dot or a space
 * in it cannot be mistaken.
 */
export function parseIdentifier(text: string): string {
  return QUOTED.test(text) ? unquoted(text) : text;
}

/** `"schema"."table"`, as SQL reads it whatever the names are. */
export function sqlTable({ schema, table }: TableName): string {
  return `${sqlIdentifier(schema)}.${sqlIdentifier(table)}`;
}

/** `"name"`, as SQL reads it whatever the name is. */
export function sqlIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function plainOrQuoted(name: string): string {
  return PLAIN.test(name) ? name : sqlIdentifier(name);
}

function unquoted(part: string): string {
  return part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
}
