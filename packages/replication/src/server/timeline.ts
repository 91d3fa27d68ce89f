import { LSN_ZERO, type Lsn, parseLsn } from '@walmq/change';
import { Client, type ClientBase, type ClientConfig } from 'pg';

const QUERY_TIMEOUT_MS = 30_000;

/** The server's timeline: 1 from initdb, and one more with every promotion or point-in-time recovery. */
export async function readTimeline(client: ClientBase): Promise<number> {
  // The first eight digits of a WAL file's name; pg_control_checkpoint() tells of the last checkpoint only.
  const { rows } = await client.query<{ file: string }>(
    'SELECT pg_walfile_name(pg_current_wal_lsn()) AS file',
  );
  return Number.parseInt(rows[0]?.file.slice(0, 8) as string, 16);
}

/**
 * Where the history of timeline `to` left timeline `from`: WAL of `from` past this is not part of it. 0/0 when the
 * two have nothing in common. Asked on a replication connection, since SQL does not tell.
 */
export async function readDivergence(options: {
  readonly connection: ClientConfig;
  readonly from: number;
  readonly to: number;
}): Promise<Lsn> {
  const config: ClientConfig & { replication: string } = {
    ...options.connection,
    replication: 'database',
    query_timeout: QUERY_TIMEOUT_MS,
  };
  const client = new Client(config);
  client.on('error', () => undefined); // the query's own promise says it
  await client.connect();
  try {
    const { rows } = await client.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${options.to}`);
    return divergenceIn(String(rows[0]?.content), options.from);
  } finally {
    await client.end();
  }
}

/**
 * A history file has a line per ancestor: timeline, where it was left, why.
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
 */
export function divergenceIn(history: string, timeline: number): Lsn {
  for (const line of history.split('\n')) {
    const [ancestor, leftAt] = line.trim().split(/\s+/);
    if (leftAt && Number(ancestor) === timeline) return parseLsn(leftAt);
  }
  return LSN_ZERO;
}
