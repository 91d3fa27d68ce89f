import type { Relation } from './messages.js';
import type { Tuple } from './tuple.js';

/**
 * Finds partitions that log less of an old row than their table's REPLICA IDENTITY promises.
 *
 * With publish_via_partition_root, each change names the table, not the partition. The table's REPLICA IDENTITY decides
 * whether PostgreSQL marks the old row as complete, but the partition's REPLICA IDENTITY decides which columns are logged.
 * Columns that were not logged arrive as NULL. PostgreSQL announces the partition right after its table, before the
 * partition's first change and after each alteration. This class learns the partition's REPLICA IDENTITY from these
 * announcements.
 */
export class Partitions {
  /** Columns that a partition logs of an old row, by OID of the table, then by OID of the partition. */
  readonly #partial = new Map<number, Map<number, ReadonlySet<string>>>();
  #previous: Relation | undefined;
  #last: Relation | undefined;

  announced(relation: Relation): void {
    this.#previous = this.#last;
    this.#last = relation;
  }

  /** Call this for every row message of the stream, with the relation that the message names. */
  changed({ oid }: Relation): void {
    const partition = this.#last;
    if (!partition) return;
    const isOfIt = this.#previous?.oid === oid && partition.oid !== oid;
    this.#previous = undefined;
    this.#last = undefined;
    if (isOfIt) this.#note(oid, partition);
  }

  /** Returns true if the tuple holds exactly the columns that one of the partitions logs, so it is not a complete row. */
  holdsOnlyIdentity({ oid, columns }: Relation, tuple: Tuple): boolean {
    const partial = this.#partial.get(oid);
    if (!partial) return false;
    // Columns of a replica identity are NOT NULL, so a partial row has a value in exactly these columns.
    const sent = columns.flatMap(({ name }, index) => (tuple.isNull(index) ? [] : [name]));
    return [...partial.values()].some(
      identity => identity.size === sent.length && sent.every(name => identity.has(name)),
    );
  }

  #note(table: number, { oid, identity, columns }: Relation): void {
    const logged = new Set(columns.filter(({ inIdentity }) => inIdentity).map(({ name }) => name));
    if (identity !== 'full' && logged.size > 0)
      this.#partial.set(table, (this.#partial.get(table) ?? new Map()).set(oid, logged));
    else if (this.#partial.get(table)?.delete(oid) && this.#partial.get(table)?.size === 0)
      this.#partial.delete(table);
  }
}
