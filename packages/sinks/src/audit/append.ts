import { jsonMembers } from '@walmq/change';
import { inTransaction } from '@walmq/worker';
import type { Pool, PoolClient } from 'pg';
import { type AuditRecord, PARTS, type Part } from './record.js';

interface AppendOptions {
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/**
 * Appends a record; resolves to false if the log already has the change. JSON that jsonb rejects (a json
 * column or a context can hold \u0000, half a surrogate pair, some thousand nested brackets) is kept as text:
 * whatever can be committed can be audited.
 */
export async function append(record: AuditRecord, options: AppendOptions): Promise<boolean> {
  try {
    return await inTransaction(options, tx => insert(tx, record, record.parts, null));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return await inTransaction(options, async tx =>
      insert(tx, record, await whatJsonbTakes(tx, record.parts), exactOf(record.parts)),
    );
  }
}

async function insert(
  tx: PoolClient,
  record: AuditRecord,
  { key, before, after, context }: AuditRecord['parts'],
  exact: string | null,
): Promise<boolean> {
  const { change_id, committed_at, xid, schema_name, table_name, op, changed, unchanged } = record;
  const { rowCount } = await tx.query(
    `INSERT INTO walmq.audit (change_id, committed_at, xid, schema_name, table_name, op, key, before, after, changed, unchanged, context, exact)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (change_id, committed_at) DO NOTHING`,
    [
      change_id,
      committed_at,
      xid,
      schema_name,
      table_name,
      op,
      key,
      before,
      after,
      changed,
      unchanged,
      context,
      exact,
    ],
  );
  return rowCount === 1;
}

/** Data exception (22) or program limit exceeded (54): PostgreSQL rejects the values themselves. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(22|54)...$/.test(code);
}

/** Each part with those of its members that jsonb accepts; null if it rejects even these together. */
async function whatJsonbTakes(tx: PoolClient, parts: AuditRecord['parts']): Promise<AuditRecord['parts']> {
  const kept: Record<Part, string | null> = { key: null, before: null, after: null, context: null };
  for (const name of PARTS) {
    const part = parts[name];
    if (part === null || (await takes(tx, [part]))[0]) {
      kept[name] = part;
      continue;
    }
    const members = [...(jsonMembers(part) ?? [])].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
    const taken = await takes(
      tx,
      members.map(member => `{${member}}`),
    );
    const left = `{${members.filter((_, index) => taken[index]).join(',')}}`;
    kept[name] = (await takes(tx, [left]))[0] ? left : null;
  }
  return kept;
}

async function takes(tx: PoolClient, texts: readonly string[]): Promise<boolean[]> {
  const { rows } = await tx.query<{ takes: boolean }>(
    `SELECT walmq.audit_takes(t.given) AS takes FROM unnest($1::text[]) WITH ORDINALITY AS t (given, number) ORDER BY number`,
    [texts],
  );
  return rows.map(row => row.takes);
}

function exactOf(parts: AuditRecord['parts']): string {
  return `{${PARTS.map(name => `"${name}":${parts[name] ?? 'null'}`).join(',')}}`;
}
