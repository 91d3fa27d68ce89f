import { type ClientBase, escapeLiteral } from 'pg';

/** As capture calls itself to the server: application_name of its replication connection. */
export const CAPTURE_NAME = 'walmq capture';

/** Whom a commit waits for. */
export interface SynchronousFacts {
  /** synchronous_standby_names; empty: no standby. */
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
 * True where every reader of the WAL may stand for a standby. Capture names no flushed position (see standbyStatus) but for
 * the instant in which it confirms one.
 */
export function countsCapture({ names }: SynchronousFacts): boolean {
  return namesIn(names).some(name => name === '*' || name.toLowerCase() === CAPTURE_NAME);
}

/** The statement that names the standbys there are. */
export function nameStandbysSql({ standbys }: SynchronousFacts): string {
  const names = standbys.map(name => `"${name.replaceAll('"', '""')}"`);
  const list = names.length === 0 ? '' : `FIRST 1 (${names.join(', ')})`;
  return `ALTER SYSTEM SET synchronous_standby_names = ${escapeLiteral(list)}; SELECT pg_reload_conf();`;
}

/** https://www.postgresql.org/docs/current/runtime-config-replication.html#GUC-SYNCHRONOUS-STANDBY-NAMES */
function namesIn(setting: string): string[] {
  const list = /\((.*)\)/s.exec(setting)?.[1] ?? setting;
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
