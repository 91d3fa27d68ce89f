import type { ClientBase } from 'pg';
import { markNames, type Provider, type ProviderFacts, providerOf } from './provider.js';

/** Reads who runs the server. Needs no privilege, and works on a standby. */
export async function readProvider(client: ClientBase): Promise<Provider> {
  const { rows } = await client.query<ProviderFacts>(
    `SELECT ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1)) AS roles,
            ARRAY(SELECT name FROM unnest($2::text[]) AS name WHERE current_setting(name, true) IS NOT NULL) AS settings,
            ARRAY(SELECT proname::text FROM pg_proc WHERE proname = ANY ($3)) AS functions,
            ARRAY(SELECT nspname::text FROM pg_namespace WHERE nspname = ANY ($4)) AS schemas`,
    [markNames('roles'), markNames('settings'), markNames('functions'), markNames('schemas')],
  );
  return providerOf(rows[0] as ProviderFacts);
}
