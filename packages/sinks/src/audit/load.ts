import { existsSync } from 'node:fs';
import { normalTableName, WalmqError } from '@walmq/change';
import { importDefault } from '@walmq/config';
import { auditSchema } from './define.js';
import type { ColumnRules } from './mask.js';

/** Rules by table, with its schema in front unless it is public. */
export type AuditRules = ReadonlyMap<string, ColumnRules>;

const DEFAULT_PATH = 'walmq.audit.ts';

/**
 * Loads the columns to omit and to mask from the file at `path`; without a path from walmq.audit.ts if it
 * exists, otherwise no rules. Throws CONFIG_MISSING, CONFIG_UNREADABLE, or CONFIG_INVALID with every mistake
 * by its field.
 */
export async function loadAuditRules(path?: string): Promise<AuditRules> {
  if (path === undefined && !existsSync(DEFAULT_PATH)) return new Map();
  const file = path ?? DEFAULT_PATH;
  if (!existsSync(file))
    throw new WalmqError('CONFIG_MISSING', `there is no audit configuration at ${file}.`, {
      remedy: 'Create it with defineAudit({ tables: ... }), or unset WALMQ_AUDIT to keep every column.',
    });
  const parsed = auditSchema.safeParse(await importDefault(file));
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(
      ({ path: at, message }) => `  ${at.join('.') || '(root)'}: ${message}`,
    );
    throw new WalmqError(
      'CONFIG_INVALID',
      `${file} has ${mistakes.length} mistake(s):\n${mistakes.join('\n')}`,
    );
  }
  return new Map(
    Object.entries(parsed.data.tables).map(([table, { leaveOut, mask }]) => [
      normalTableName(table),
      { leaveOut: new Set(leaveOut), mask: new Set(mask) },
    ]),
  );
}
