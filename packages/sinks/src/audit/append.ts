import { jsonMembers } from '@walmq/change';
import { type DatabasePool, inTransaction } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { type AuditRecord, PARTS, type Part } from './record.js';

interface AppendOptions {
  readonly pool: DatabasePool;
  readonly signal: AbortSignal;
}

/**
 * Appends records; resolves, for each, to false when the change is in the log already. JSON that jsonb refuses, which a column of
 * type json or a context can hold (\u0000, half a surrogate pair, some thousand nested brackets), is kept as text:
 * whatever can be committed can be audited. Among several records it fails them all, and the kit finds the one by itself.
 */
export async function append(
  records: readonly AuditRecord[],
  options: AppendOptions,
): Promise<readonly boolean[]> {
  const [record] = records;
  if (!record || records.length > 1) return await inTransaction(options, tx => insertAll(tx, records));
  try {
    return await inTransaction(options, tx => insertAll(tx, records));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return await inTransaction(options, async tx => [
      await insert(tx, record, await whatJsonbTakes(tx, record.parts), exactOf(record.parts)),
    ]);
  }
}

async function insertAll(tx: PoolClient, records: readonly AuditRecord[]): Promise<boolean[]> {
  const column = <T>(of: (record: AuditRecord) => T) => records.map(of);
  const { rows } = await tx.query<{ change_id: string }>(
    `INSERT INTO walmq.audit (change_id, committed_at, xid, schema_name, table_name, op, key, before, after, context, changed, unchanged)
     SELECT r.change_id, r.committed_at, r.xid, r.schema_name, r.table_name, r.op, r.key, r.before, r.after, r.context,
            r.changed::text[], r.unchanged::text[]
       FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                   $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::text[], $12::text[])
         AS r (change_id, committed_at, xid, schema_name, table_name, op, key, before, after, context, changed, unchanged)
     ON CONFLICT (change_id, committed_at) DO NOTHING RETURNING change_id`,
    [
      column(({ change_id }) => change_id),
      column(({ committed_at }) => committed_at),
      column(({ xid }) => xid),
      column(({ schema_name }) => schema_name),
      column(({ table_name }) => table_name),
      column(({ op }) => op),
      ...PARTS.map(part => column(({ parts }) => parts[part])),
      column(({ changed }) => arrayLiteral(changed)),
      column(({ unchanged }) => arrayLiteral(unchanged)),
    ],
  );
  const appended = new Set(rows.map(row => row.change_id));
  // A change that comes twice among the records is appended once.
  return records.map(({ change_id }) => appended.delete(change_id));
}

/** Names as PostgreSQL writes an array of them. */
function arrayLiteral(names: readonly string[] | null): string | null {
  return names && `{${names.map(name => `"${name.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
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
