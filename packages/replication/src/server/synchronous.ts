import { type ClientBase, escapeLiteral } from 'pg';

/** application_name of capture's replication connection. */
export const CAPTURE_NAME = 'walmq capture';

/** The synchronous standbys that a commit waits for, and the standbys that are connected. */
export interface SynchronousFacts {
  /** Value of synchronous_standby_names; empty if commits wait for no standby. */
  readonly names: string;
  /** application_name of every physical standby that is connected. */
  readonly standbys: readonly string[];
}

export async function readSynchronous(client: ClientBase): Promise<SynchronousFacts> {
  const { rows } = await client.query<SynchronousFacts>(
    `SELECT current_setting('synchronous_standby_names') AS names,
            ARRAY(SELECT DISTINCT r.application_name::text FROM pg_stat_replication r
                   WHERE NOT EXISTS (SELECT FROM pg_replication_slots s
                                      WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
                   ORDER BY 1) AS standbys`,
  );
  return rows[0] as SynchronousFacts;
}

/**
 * Returns true if synchronous_standby_names matches capture, with '*' or with its name. Capture then counts as a synchronous
 * standby, but only for the instant in which it confirms an LSN. Otherwise it reports no flushed position: see standbyStatus.
 */
export function countsCapture({ names }: SynchronousFacts): boolean {
  return namesIn(names).some(name => name === '*' || name.toLowerCase() === CAPTURE_NAME);
}

/** Returns the SQL that sets synchronous_standby_names to the physical standbys that are connected. */
export function nameStandbysSql({ standbys }: SynchronousFacts): string {
  const names = standbys.map(name => `"${name.replaceAll('"', '""')}"`);
  const list = names.length === 0 ? '' : `FIRST 1 (${names.join(', ')})`;
  return `ALTER SYSTEM SET synchronous_standby_names = ${escapeLiteral(list)}; SELECT pg_reload_conf();`;
}

/**
 * Returns the names in the setting, without quotes.
 * https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES
 */
function namesIn(setting: string): string[] {
  const list = /\((.*)\)/s.exec(setting)?.[1] ?? setting;
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
