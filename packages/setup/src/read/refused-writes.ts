import type { TableName } from '@walmq/change';
import type { ReplicaIdentity } from './tables.js';

/** A table that can hold rows, with every publication that sends its changes. */
export interface PublishedRelation extends TableName {
  readonly oid: number;
  readonly identity: ReplicaIdentity;
  readonly primaryKey: readonly string[];
  /** Columns of the index that REPLICA IDENTITY USING INDEX names. */
  readonly identityIndex: readonly string[];
  /** Names of generated columns. */
  readonly stored: readonly string[];
  readonly virtual: readonly string[];
  readonly publications: readonly Membership[];
}

/** One publication's settings for a relation. */
export interface Membership {
  readonly name: string;
  readonly update: boolean;
  readonly delete: boolean;
  readonly viaRoot: boolean;
  /** True if STORED generated columns are sent (PostgreSQL >= 18). */
  readonly publishesStored: boolean;
  /** Column list and filter for the relation itself, and for the topmost published ancestor. */
  readonly alone: PublishedPart;
  readonly viaAncestor: PublishedPart;
}

/** Null: no column list, or no row filter. */
export interface PublishedPart {
  readonly columns: readonly string[] | null;
  readonly filterColumns: readonly string[] | null;
}

/** Writes that PostgreSQL rejects on a relation, and the reason. */
export interface RefusedWrites {
  readonly relation: TableName;
  readonly publication: string;
  readonly operations: readonly ('UPDATE' | 'DELETE')[];
  readonly why: 'no-identity' | 'column-list' | 'row-filter' | 'generated-column';
}

/** First versions (server_version_num) that check column lists and row filters, and that check generated columns. */
const PARTS = 150_000;
const GENERATED = 180_000;

/**
 * The writes on a relation that PostgreSQL rejects for every role because of a publication. Repeats the checks of
 * CheckCmdReplicaIdentity: https://github.com/postgres/postgres/blob/REL_18_0/src/backend/executor/execReplication.c
 */
export function refusedWrites(relation: PublishedRelation, serverVersion: number): RefusedWrites[] {
  return relation.publications.flatMap(publication => {
    const operations = [
      ...(publication.update ? (['UPDATE'] as const) : []),
      ...(publication.delete ? (['DELETE'] as const) : []),
    ];
    const why = operations.length > 0 ? reasonOf(relation, publication, serverVersion) : undefined;
    return why ? [{ relation, publication: publication.name, operations, why }] : [];
  });
}

function reasonOf(
  relation: PublishedRelation,
  publication: Membership,
  serverVersion: number,
): RefusedWrites['why'] | undefined {
  const { columns, filterColumns } = publication.viaRoot ? publication.viaAncestor : publication.alone;
  const isSent = (column: string) =>
    columns?.includes(column) ?? (publication.publishesStored || !relation.stored.includes(column));
  if (relation.identity === 'full') {
    if (serverVersion >= PARTS && columns) return 'column-list';
    const unsent = relation.virtual.length > 0 || !relation.stored.every(isSent);
    return serverVersion >= GENERATED && unsent ? 'generated-column' : undefined;
  }
  const identity = identityColumns(relation);
  if (identity.length === 0) return 'no-identity';
  if (serverVersion < PARTS) return undefined;
  if (filterColumns && !filterColumns.every(column => identity.includes(column))) return 'row-filter';
  if (columns && !identity.every(column => columns.includes(column))) return 'column-list';
  return serverVersion >= GENERATED && !identity.every(isSent) ? 'generated-column' : undefined;
}

function identityColumns({ identity, primaryKey, identityIndex }: PublishedRelation): readonly string[] {
  if (identity === 'default') return primaryKey;
  return identity === 'index' ? identityIndex : [];
}

const REASONS: Readonly<Record<RefusedWrites['why'], string>> = {
  'no-identity': 'sends them, and the table has no replica identity',
  'column-list': 'has a column list that lacks columns of the replica identity',
  'row-filter': 'has a row filter on columns that are not in the replica identity',
  'generated-column': 'does not send a generated column that is in the replica identity',
};

/** The reason as a clause: `publication "other" has a column list that ...`. */
export function refusalText({ publication, why }: Pick<RefusedWrites, 'publication' | 'why'>): string {
  return `publication "${publication}" ${REASONS[why]}`;
}
