import type { Lsn } from '@walmq/change';
import type { Tuple } from './tuple.js';

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  /** Whether the column is part of the replica identity. With REPLICA IDENTITY FULL, every column is part of it. */
  readonly inIdentity: boolean;
}

/** A table as it was when the changes that follow in the stream were made. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** Replica identity: pg_class.relreplident. */
  readonly identity: 'default' | 'nothing' | 'full' | 'index';
  readonly columns: readonly RelationColumn[];
}

/**
 * The old row of an update or a delete.
 *
 * - `full`: all columns.
 * - `key`: the columns of the replica identity; the other columns are null.
 * - `partial`: PostgreSQL marks the row as complete, but its partition logged only the columns of its own replica identity.
 *   The other columns are null.
 */
export interface OldTuple {
  readonly kind: 'full' | 'key' | 'partial';
  readonly tuple: Tuple;
}

/** The messages of pgoutput (protocol version 1, messages on) and of the replication protocol. */
export type Message =
  | { readonly tag: 'begin'; readonly commitLsn: Lsn; readonly committedAt: string; readonly xid: number }
  | { readonly tag: 'commit'; readonly endLsn: Lsn }
  | { readonly tag: 'insert'; readonly relation: Relation; readonly after: Tuple }
  | {
      readonly tag: 'update';
      readonly relation: Relation;
      readonly before: OldTuple | null;
      readonly after: Tuple;
    }
  | { readonly tag: 'delete'; readonly relation: Relation; readonly before: OldTuple }
  | { readonly tag: 'truncate'; readonly relations: readonly Relation[] }
  | {
      readonly tag: 'message';
      readonly transactional: boolean;
      readonly lsn: Lsn;
      readonly prefix: string;
      readonly content: Buffer;
    }
  | { readonly tag: 'keepalive'; readonly walEnd: Lsn; readonly replyRequested: boolean };

/** The messages that describe changes of rows. */
export type RowMessage = Extract<Message, { tag: 'insert' | 'update' | 'delete' | 'truncate' }>;
