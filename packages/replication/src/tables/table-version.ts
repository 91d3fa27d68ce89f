import type { Lsn } from '@walmq/change';
import type { Relation } from '../protocol/messages.js';
import { type Attribute, keyNames } from './key-names.js';

/** A column, as the catalog describes it. */
export interface StoredAttribute extends Attribute {
  readonly typeOid: number;
  /** Of a nondeterministic collation: texts that differ may be equal. */
  readonly isLoose: boolean;
}

/** A table as the catalog had it when it was looked at. */
export interface TableVersion {
  readonly attributes: readonly StoredAttribute[];
  /** The transaction that made the primary key, or a part of it (32 bits); null without one. */
  readonly keyXid: number | null;
}

/** The transaction whose changes are to be read. */
export interface Moment {
  /** 32 bits, as in the WAL. */
  readonly xid: number;
  readonly commitLsn: Lsn;
}

/** What the stream does not say of a relation that it announces. */
export interface TableFacts {
  /** Undefined if unknown. */
  readonly primaryKey: readonly string[] | undefined;
  /** Columns of a nondeterministic collation. */
  readonly looselyCollated: ReadonlySet<string>;
}

/**
 * Finds the version of a table that a transaction wrote to. `versions`: newest first, today's at the head where the table
 * is still there. The columns tell, by name and type; of versions that differ in their key alone the transaction that
 * made the key does: whoever wrote the table held a lock that keeps a new key off, so what comes before the key was made
 * by an older transaction. `isCaughtUp`: today's version is the one, unless its columns say otherwise.
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

/** It has every column of the relation, and its key is among them. It may have more: added since, or not published. */
function fits({ columns, identity }: Relation, { attributes }: TableVersion): boolean {
  const live = new Map(attributes.filter(({ dropped }) => !dropped).map(column => [column.name, column]));
  const names = new Set(columns.map(({ name }) => name));
  return (
    columns.every(({ name, typeOid }) => live.get(name)?.typeOid === typeOid) &&
    (identity !== 'full' || attributes.every(({ name, place }) => place === null || names.has(name)))
  );
}

/** ... and no column beside, but for generated ones. */
function isAllOf({ columns }: Relation, { attributes }: TableVersion): boolean {
  const names = new Set(columns.map(({ name }) => name));
  return attributes.every(({ name, dropped, generated }) => dropped || generated || names.has(name));
}
