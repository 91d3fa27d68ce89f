import type { Change } from '@walmq/change';
import type { Marked, OldIn, RowIn, SentIn } from '@walmq/row-types';

/** A change of a table whose row type `walmq types` has marked: it contains only the columns that PostgreSQL sends. */
type Sent<M extends Marked, Op, Before, After> = Omit<Change<RowIn<M>>, 'op' | 'before' | 'after'> & {
  op: Op;
  before: Before;
  after: After;
};

/**
 * An insert of a marked row may lack TOASTed columns too, because an update of the key becomes a delete and an insert.
 */
export type InsertChange<R> = R extends Marked
  ? Sent<R, 'insert', null, SentIn<R>>
  : Change<R> & { op: 'insert'; before: null; after: R };
/** `before` is the whole old row with REPLICA IDENTITY FULL, which `walmq setup` sets. `wholeBefore` checks for it. */
export type UpdateChange<R> = R extends Marked ? Sent<R, 'update', null, SentIn<R>> : WholeUpdate<R>;
/** An update of a table whose row type is not marked as lacking REPLICA IDENTITY FULL. */
export type WholeUpdate<R> = Change<R> & { op: 'update'; after: R };
/** A delete. `before` is the whole old row, or the part of a marked row that PostgreSQL sends. */
export type DeleteChange<R> = R extends Marked
  ? Sent<R, 'delete', OldIn<R>, null>
  : Change<R> & { op: 'delete'; before: R; after: null };
/** A row that a backfill read. */
export type ReadChange<R> = R extends Marked
  ? Sent<R, 'read', null, RowIn<R>>
  : Change<R> & { op: 'read'; before: null; after: R };
/** A truncate of the table. It has no rows. */
export type TruncateChange<R> = R extends Marked
  ? Sent<R, 'truncate', null, null>
  : Change<R> & { op: 'truncate'; before: null; after: null };
