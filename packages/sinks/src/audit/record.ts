import { type Change, jsonMembers } from '@walmq/change';
import { applyMask, type ColumnRules, NO_RULES } from './mask.js';

/** The parts of a change that are JSON. */
export const PARTS = ['key', 'before', 'after', 'context'] as const;
export type Part = (typeof PARTS)[number];

/** A row of walmq.audit. */
export interface AuditRecord {
  readonly change_id: string;
  readonly committed_at: string;
  readonly xid: number;
  readonly schema_name: string;
  readonly table_name: string;
  readonly op: string;
  readonly changed: readonly string[] | null;
  readonly unchanged: readonly string[] | null;
  /** JSON texts as they were enqueued; null if absent. */
  readonly parts: Readonly<Record<Part, string | null>>;
}

/** The record of a change. `json`: the same change as text. */
export function recordOf(change: Change, json: string, rules: ColumnRules = NO_RULES): AuditRecord {
  const kept = (names: readonly string[] | undefined) =>
    names?.filter(name => !rules.leaveOut.has(name)) ?? null;
  const texts = jsonMembers(json);
  const part = (name: Part, own: ColumnRules) => {
    const text = texts?.get(name) ?? 'null';
    return text === 'null' ? null : applyMask(text, own);
  };
  return {
    change_id: change.id,
    committed_at: change.tx.committedAt,
    xid: change.tx.xid,
    schema_name: change.schema,
    table_name: change.table,
    op: change.op,
    changed: kept(change.changed),
    unchanged: kept(change.unchanged),
    parts: {
      key: part('key', rules),
      before: part('before', rules),
      after: part('after', rules),
      context: part('context', NO_RULES),
    },
  };
}
