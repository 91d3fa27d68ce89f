import type { Relation } from './messages.js';
import type { Tuple } from './tuple.js';

/**
 * Which partitions log less of an old row than their table promises. Under publish_via_partition_root PostgreSQL names the
 * table in each change and says "the whole old row" by the table's REPLICA IDENTITY, although the partition's own decides
 * what is logged: columns that were never logged arrive as NULL. But it announces the partition, right behind its table,
 * ahead of the partition's first change and after each alteration, which is what tells.
 */
export class Partitions {
  /** By the oid of the whole table: by the oid of the partition, the columns that it logs of an old row. */
  readonly #partial = new Map<number, Map<number, ReadonlySet<string>>>();
  #previous: Relation | undefined;
  #last: Relation | undefined;

  announced(relation: Relation): void {
    this.#previous = this.#last;
    this.#last = relation;
  }

  /** Must see every row of the stream, with the relation that it names. */
  changed({ oid }: Relation): void {
    const partition = this.#last;
    if (!partition) return;
    const isOfIt = this.#previous?.oid === oid && partition.oid !== oid;
    this.#previous = undefined;
    this.#last = undefined;
    if (isOfIt) this.#note(oid, partition);
  }

  /** True when the tuple holds what one of the partitions logs, and nothing else: it is no whole row. */
  holdsOnlyIdentity({ oid, columns }: Relation, tuple: Tuple): boolean {
    const partial = this.#partial.get(oid);
    if (!partial) return false;
    // The columns of a replica identity are NOT NULL.
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
