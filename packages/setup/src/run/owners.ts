import type { ClientBase } from 'pg';
import type { Ownership } from '../plan/step.js';

interface MissingOwners {
  readonly role: string;
  readonly owners: readonly string[];
  readonly superuser: boolean;
}

/**
 * The owners whose roles do not include the current role as a member, and the current role (both quoted for SQL), and
 * whether one of these owners is a superuser.
 */
export async function missingOwners(
  client: ClientBase,
  { tables, publication }: Ownership,
): Promise<MissingOwners> {
  const { rows } = await client.query<MissingOwners>(
    `SELECT quote_ident(current_user) AS role, coalesce(array_agg(quote_ident(rolname) ORDER BY rolname), '{}') AS owners,
            coalesce(bool_or(rolsuper), false) AS superuser
       FROM pg_roles o
      WHERE NOT pg_has_role(current_user, o.oid, 'USAGE')
        AND (EXISTS (SELECT FROM pg_class c
                       JOIN pg_namespace n ON n.oid = c.relnamespace
                       JOIN unnest($1::text[], $2::text[]) AS t (s, r) ON n.nspname = t.s AND c.relname = t.r
                      WHERE c.relowner = o.oid)
             OR EXISTS (SELECT FROM pg_publication p WHERE p.pubname = $3 AND p.pubowner = o.oid))`,
    [tables.map(({ schema }) => schema), tables.map(({ table }) => table), publication ?? null],
  );
  return rows[0] as MissingOwners;
}
