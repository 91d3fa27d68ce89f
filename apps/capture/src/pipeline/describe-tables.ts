import type { Catalog, Relation, RowMessage, Table, Transaction } from '@walmq/replication';

/** The hot path: no promise where nothing has to be asked. Undefined when a table is not described yet. */
export function knownTables(message: RowMessage, catalog: Catalog): Table[] | undefined {
  const relations = relationsOf(message);
  const tables = relations.flatMap(relation => catalog.known(relation) ?? []);
  return tables.length === relations.length ? tables : undefined;
}

export interface DescribeOptions {
  readonly catalog: Catalog;
  /** Waits until the catalog shows relations as a transaction has made them. False when the session ends first. */
  readonly untilShown: (relations: readonly Relation[], transaction: Transaction) => Promise<boolean>;
  /** Told of a table ahead of the first of its changes, and whenever it was altered. */
  readonly onDescribed: (table: Table) => Promise<void>;
}

/** Undefined when the session ends first. */
export async function describeTables(
  message: RowMessage,
  transaction: Transaction,
  { catalog, untilShown, onDescribed }: DescribeOptions,
): Promise<Table[] | undefined> {
  if (!(await untilShown(relationsOf(message), transaction))) return undefined;
  const tables: Table[] = [];
  for (const relation of relationsOf(message)) {
    const known = catalog.known(relation);
    const table = known ?? (await catalog.describe(relation, transaction));
    if (!known) await onDescribed(table);
    tables.push(table);
  }
  return tables;
}

function relationsOf(message: RowMessage): readonly Relation[] {
  return message.tag === 'truncate' ? message.relations : [message.relation];
}
