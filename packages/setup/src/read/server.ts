import type { ClientBase } from 'pg';

/** Version, settings and role of the server. */
export interface Server {
  /** server_version_num: 170002 is 17.2. */
  readonly version: number;
  readonly walLevel: string;
  readonly database: string;
  /** The connection's current role. */
  readonly role: string;
  readonly inRecovery: boolean;
}

/** Works on a standby too. */
export async function readServer(client: ClientBase): Promise<Server> {
  const { rows } = await client.query<Server>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS "walLevel",
            current_database() AS database, current_user AS role, pg_is_in_recovery() AS "inRecovery"`,
  );
  return rows[0] as Server;
}
