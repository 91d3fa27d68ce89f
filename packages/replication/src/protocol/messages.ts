import type { Lsn } from '@walmq/change';
import type { Tuple } from './tuple.js';

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  /** Part of the replica identity. With REPLICA IDENTITY FULL every column is. */
  readonly inIdentity: boolean;
}

/** A table as the WAL saw it when the changes that follow were made. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  /** pg_class.relreplident */
  readonly identity: 'default' | 'nothing' | 'full' | 'index';
  readonly columns: readonly RelationColumn[];
}

/**
 * `full`: the whole old row. `key`: its replica identity's columns, the others null. `partial`: sent as the whole row, but its
 * partition has logged the columns of its replica identity alone, and the others come as null.
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

/** The messages that stand for rows. */
export type RowMessage = Extract<Message, { tag: 'insert' | 'update' | 'delete' | 'truncate' }>;
