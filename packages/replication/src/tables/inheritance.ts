import type { TableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Relation } from '../protocol/messages.js';

/** A table whose name the changes of another one carry. */
export interface Parent extends TableName {
  readonly oid: number;
}

/** A table that inherits, and from which. */
export interface Child {
  readonly oid: number;
  readonly parent: Parent;
}

/**
 * Whose changes those of a table that inherits are: a publication sends them under the child's own name, which no queue reads
 * (TimescaleDB keeps all rows of a hypertable in such children). A partition is none: it is announced as its whole table.
 */
export class Inheritance {
  readonly #client: ClientBase;
  readonly #isRead: (name: TableName) => boolean;
  /** By the child's oid, as last known: for one that is gone before the last of its changes is read. */
  readonly #parents = new Map<number, Parent>();

  constructor(client: ClientBase, isRead: (name: TableName) => boolean) {
    this.#client = client;
    this.#isRead = isRead;
  }

  /** What was seen at another time. What is asked for here counts more. */
  remember(children: Iterable<Child>): void {
    for (const { oid, parent } of children) this.#parents.set(oid, parent);
  }

  /** The nearest table it inherits from that a queue reads; undefined where a queue reads itself, or none of them. */
  async parentOf({ oid, schema, table }: Relation): Promise<Parent | undefined> {
    if (this.#isRead({ schema, table })) return undefined;
    const { rows } = await this.#client.query<Parent>(
      `WITH RECURSIVE up AS (
         SELECT inhparent AS oid, 1 AS depth, inhseqno FROM pg_inherits WHERE inhrelid = $1
          UNION SELECT i.inhparent, up.depth + 1, i.inhseqno FROM up JOIN pg_inherits i ON i.inhrelid = up.oid)
       SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS table
         FROM up JOIN pg_class c ON c.oid = up.oid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' ORDER BY up.depth, up.inhseqno`,
      [oid],
    );
    const parent = rows.find(this.#isRead) ?? this.#parents.get(oid);
    if (parent) this.#parents.set(oid, parent);
    return parent;
  }
}
