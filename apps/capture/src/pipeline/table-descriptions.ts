import type { Catalog, Relation, RowMessage, Table, Transaction } from '@walmq/replication';

export interface TableDescriptionsOptions {
  readonly catalog: Catalog;
  /** Waits until the catalog shows relations as a transaction has made them. False when the session ends first. */
  readonly untilShown: (relations: readonly Relation[], transaction: Transaction) => Promise<boolean>;
  /** Called and awaited before the first change of a table, and whenever the table was altered. */
  readonly onDescribed: (table: Table) => Promise<void>;
}

/** The tables that a message is about, described by the catalog once for each relation that the stream announces. */
export class TableDescriptions {
  readonly #options: TableDescriptionsOptions;

  constructor(options: TableDescriptionsOptions) {
    this.#options = options;
  }

  /** The hot path: no promise where nothing has to be asked. Undefined when a table is not described yet. */
  known(message: RowMessage): readonly Table[] | undefined {
    const { catalog } = this.#options;
    if (message.tag !== 'truncate') {
      const table = catalog.known(message.relation);
      return table && [table];
    }
    const tables = message.relations.flatMap(relation => catalog.known(relation) ?? []);
    return tables.length === message.relations.length ? tables : undefined;
  }

  /** Undefined when the session ends first. */
  async describe(message: RowMessage, transaction: Transaction): Promise<readonly Table[] | undefined> {
    const { catalog, untilShown, onDescribed } = this.#options;
    const relations = message.tag === 'truncate' ? message.relations : [message.relation];
    if (!(await untilShown(relations, transaction))) return undefined;
    const tables: Table[] = [];
    for (const relation of relations) {
      const known = catalog.known(relation);
      const table = known ?? (await catalog.describe(relation, transaction));
      if (!known) await onDescribed(table);
      tables.push(table);
    }
    return tables;
  }
}
