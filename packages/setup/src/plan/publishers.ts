import { type ClientBase, escapeIdentifier } from 'pg';
import type { Server } from '../read/server.js';
import type { SetupStep } from './step.js';

/** The roles that may send logical messages. */
export interface Publishers {
  /** Signatures of the functions that send messages. PostgreSQL 17 added a fourth argument to each. */
  readonly functions: readonly string[];
  /** True if PUBLIC may execute one of the functions: PostgreSQL's default. */
  readonly everyRole: boolean;
  /** Roles that may execute all these functions and can log in. Superusers are left out. */
  readonly roles: readonly string[];
  /** True if the current role may execute all these functions. */
  readonly self: boolean;
}

const OURS = `p.proname = 'pg_logical_emit_message' AND p.pronamespace = 'pg_catalog'::regnamespace`;

export async function readPublishers(client: ClientBase): Promise<Publishers> {
  const { rows } = await client.query<Publishers>(
    `SELECT array_agg(p.oid::regprocedure::text ORDER BY p.oid) AS functions,
            bool_or(has_function_privilege('public', p.oid, 'EXECUTE')) AS "everyRole",
            bool_and(has_function_privilege(p.oid, 'EXECUTE')) AS self,
            ARRAY(SELECT rolname::text FROM pg_roles r
                   WHERE rolcanlogin AND NOT rolsuper AND NOT EXISTS (
                         SELECT FROM pg_proc p WHERE ${OURS} AND NOT has_function_privilege(r.oid, p.oid, 'EXECUTE'))
                   ORDER BY rolname) AS roles
       FROM pg_proc p WHERE ${OURS}`,
  );
  return rows[0] as Publishers;
}

/** `GRANT EXECUTE ... TO "a", "b";` */
export function grantToSend({ functions }: Pick<Publishers, 'functions'>, roles: readonly string[]): string {
  return `GRANT EXECUTE ON FUNCTION ${functions.join(', ')} TO ${roles.map(role => escapeIdentifier(role)).join(', ')};`;
}

/** Allows only these roles, and the role that runs the statement, to send logical messages. */
export function publisherSteps(
  publishers: Publishers,
  roles: readonly string[],
  { role }: Pick<Server, 'role'>,
): SetupStep[] {
  const { functions, everyRole, roles: may } = publishers;
  const wanted = [...new Set([...roles, role])];
  const named = roles.map(name => `"${name}"`).join(', ');
  const isLimited = !everyRole && roles.every(name => may.includes(name));
  if (isLimited) return [{ status: 'ok', what: `${named} alone may send logical messages` }];
  return [
    {
      status: 'run',
      what: `let ${named} alone send logical messages`,
      // Grant first, so that PostgreSQL rejects no allowed role in between. A REVOKE by a role that is not the owner
      // revokes nothing and only warns.
      sql: `${grantToSend(publishers, wanted)}
REVOKE EXECUTE ON FUNCTION ${functions.join(', ')} FROM PUBLIC;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_proc p WHERE ${OURS} AND has_function_privilege('public', p.oid, 'EXECUTE')) THEN
    RAISE EXCEPTION 'only the owner of pg_logical_emit_message can revoke it' USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;`,
      grant: "Run it as a superuser, who owns PostgreSQL's own functions.",
      waitsFor: [],
    },
  ];
}
