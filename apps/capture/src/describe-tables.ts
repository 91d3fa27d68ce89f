import type { Catalog, Relation, RowMessage, Table } from '@walmq/replication';

/** The hot path: no promise where nothing has to be asked. Undefined when a table is not described yet. */
export function knownTables(message: RowMessage, catalog: Catalog): Table[] | undefined {
  const relations = relationsOf(message);
  const tables = relations.flatMap(relation => catalog.known(relation) ?? []);
  return tables.length === relations.length ? tables : undefined;
}

export interface DescribeOptions {
  readonly catalog: Catalog;
  /** Told of a table ahead of the first of its changes, and whenever it was altered. */
  readonly onDescribed: (table: Table) => Promise<void>;
}

export async function describeTables(
  message: RowMessage,
  { catalog, onDescribed }: DescribeOptions,
): Promise<Table[]> {
  const tables: Table[] = [];
  for (const relation of relationsOf(message)) {
    const known = catalog.known(relation);
    const table = known ?? (await catalog.describe(relation));
    if (!known) await onDescribed(table);
    tables.push(table);
  }
  return tables;
}

function relationsOf(message: RowMessage): readonly Relation[] {
  return message.tag === 'truncate' ? message.relations : [message.relation];
}
