import type { TableName } from '@walmq/change';
import type { ClientBase } from 'pg';
import type { Relation } from '../protocol/messages.js';

/** An ancestor table whose name the changes of a child carry. */
export interface Parent extends TableName {
  readonly oid: number;
}

/** A table that inherits, and the ancestor whose name its changes carry. */
export interface Child {
  readonly oid: number;
  readonly parent: Parent;
}

/**
 * Finds the ancestor whose name the changes of a child table carry. PostgreSQL sends these changes under the child's own
 * name, which no queue reads (TimescaleDB keeps all rows of a hypertable in such children). A partition is not such a
 * child: the stream announces its partitioned table instead.
 */
export class Inheritance {
  readonly #client: ClientBase;
  readonly #isRead: (name: TableName) => boolean;
  /** Last known ancestors, by the child's OID: for a child that was dropped before its last change is read. */
  readonly #parents = new Map<number, Parent>();

  constructor(client: ClientBase, isRead: (name: TableName) => boolean) {
    this.#client = client;
    this.#isRead = isRead;
  }

  /** Stores ancestors that were seen at another time. `parentOf` prefers the answer of its own query. */
  remember(children: Iterable<Child>): void {
    for (const { oid, parent } of children) this.#parents.set(oid, parent);
  }

  /**
   * Returns the nearest ancestor that a queue reads. Undefined if a queue reads the table itself, or none of its
   * ancestors.
   */
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
