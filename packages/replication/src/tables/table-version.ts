import type { Lsn } from '@walmq/change';
import type { Relation } from '../protocol/messages.js';
import { type Attribute, keyNames } from './key-names.js';

/** A column as the catalog describes it. */
export interface StoredAttribute extends Attribute {
  readonly typeOid: number;
  /** True for a nondeterministic collation, in which different texts may be equal. */
  readonly isLoose: boolean;
}

/** A table as the catalog described it at one time. */
export interface TableVersion {
  readonly attributes: readonly StoredAttribute[];
  /**
   * Id (32 bits) of the transaction or subtransaction that wrote the primary key to the catalog; null without a primary
   * key.
   */
  readonly keyXid: number | null;
}

/** The transaction whose changes are to be read. */
export interface Moment {
  /** Lower 32 bits of the transaction id, as in the WAL. */
  readonly xid: number;
  readonly commitLsn: Lsn;
}

/** Facts about a relation that the stream does not contain. */
export interface TableFacts {
  /** Undefined if unknown. */
  readonly primaryKey: readonly string[] | undefined;
  /** Columns of a nondeterministic collation. */
  readonly looselyCollated: ReadonlySet<string>;
}

/**
 * Finds the version of a table that a transaction wrote to. `versions`: newest first; the first is today's if the table
 * still exists. The names and types of the columns decide. Between versions that differ only in their key, the
 * transaction that created the key decides: a transaction that writes to the table holds a lock that prevents a new key,
 * so changes from before the key come from older transactions. `isCaughtUp`: takes the newest version whose columns fit.
 */
export function tableFactsAt(
  relation: Relation,
  versions: readonly TableVersion[],
  { xid, isCaughtUp }: { readonly xid: number | undefined; readonly isCaughtUp: boolean },
): TableFacts {
  const exact = versions.filter(version => fits(relation, version) && isAllOf(relation, version));
  const candidates = exact.length > 0 ? exact : versions.filter(version => fits(relation, version));
  const isNew = ({ keyXid }: TableVersion) =>
    keyXid === null ? candidates.length > 1 : xid !== undefined && ((keyXid - xid) | 0) > 0;
  const version = isCaughtUp ? candidates[0] : (candidates.find(one => !isNew(one)) ?? candidates.at(-1));
  const streamed = relation.columns.map(({ name }) => name);
  const known = version ? [version] : versions;
  const loose = known.flatMap(({ attributes }) => attributes.filter(({ isLoose }) => isLoose));
  return {
    primaryKey: known
      .map(({ attributes }) => keyNames(streamed, attributes))
      .find(key => key?.every(name => streamed.includes(name))),
    looselyCollated: new Set(loose.map(({ name }) => name)),
  };
}

/**
 * True if the version has every column of the relation. With REPLICA IDENTITY FULL, these must include the version's key.
 * The version may have more columns: added since, or not published.
 */
function fits({ columns, identity }: Relation, { attributes }: TableVersion): boolean {
  const live = new Map(attributes.filter(({ dropped }) => !dropped).map(column => [column.name, column]));
  const names = new Set(columns.map(({ name }) => name));
  return (
    columns.every(({ name, typeOid }) => live.get(name)?.typeOid === typeOid) &&
    (identity !== 'full' || attributes.every(({ name, place }) => place === null || names.has(name)))
  );
}

/** True if every column of the version is in the relation, except generated columns. */
function isAllOf({ columns }: Relation, { attributes }: TableVersion): boolean {
  const names = new Set(columns.map(({ name }) => name));
  return attributes.every(({ name, dropped, generated }) => dropped || generated || names.has(name));
}
