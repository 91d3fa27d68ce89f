import type { ClientBase } from 'pg';
import type { Provider } from '../provider/provider.js';
import { readProvider } from '../provider/read-provider.js';

/** Version, settings and role of the server. */
export interface Server {
  /** server_version_num: 170002 is 17.2. */
  readonly version: number;
  readonly walLevel: string;
  readonly database: string;
  /** The connection's current role. */
  readonly role: string;
  readonly inRecovery: boolean;
  readonly provider: Provider;
}

/** Works on a standby too. */
export async function readServer(client: ClientBase): Promise<Server> {
  const { rows } = await client.query<Omit<Server, 'provider'>>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS "walLevel",
            current_database() AS database, current_user AS role, pg_is_in_recovery() AS "inRecovery"`,
  );
  return { ...(rows[0] as Omit<Server, 'provider'>), provider: await readProvider(client) };
}
