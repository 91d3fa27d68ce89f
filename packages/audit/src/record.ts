import type { Change, Row } from '@walmq/change';
import { applyMask, type ColumnRules, NO_RULES } from './mask.js';

/** A row of walmq.audit, in the order of its columns. */
export interface AuditRecord {
  readonly change_id: string;
  readonly committed_at: string;
  readonly xid: number;
  readonly schema_name: string;
  readonly table_name: string;
  readonly op: string;
  readonly key: Row | null;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly changed: readonly string[] | null;
  readonly unchanged: readonly string[] | null;
  readonly context: Row | null;
}

/** What is kept of a change. */
export function recordOf(change: Change, rules: ColumnRules = NO_RULES): AuditRecord {
  const kept = (names: readonly string[] | undefined) =>
    names?.filter(name => !rules.leaveOut.has(name)) ?? null;
  return {
    change_id: change.id,
    committed_at: change.tx.committedAt,
    xid: change.tx.xid,
    schema_name: change.schema,
    table_name: change.table,
    op: change.op,
    key: applyMask(change.key, rules),
    before: applyMask(change.before, rules),
    after: applyMask(change.after, rules),
    changed: kept(change.changed),
    unchanged: kept(change.unchanged),
    context: change.context ?? null,
  };
}
