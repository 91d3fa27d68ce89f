import { LSN_ZERO, type Lsn, parseLsn } from '@walmq/change';
import { Client, type ClientBase, type ClientConfig } from 'pg';

const QUERY_TIMEOUT_MS = 30_000;

/** Reads the server's timeline: 1 after initdb, a higher number after each promotion or point-in-time recovery. */
export async function readTimeline(client: ClientBase): Promise<number> {
  // The first eight digits of a WAL file's name. pg_control_checkpoint() has the timeline of the last checkpoint only.
  const { rows } = await client.query<{ file: string }>(
    'SELECT pg_walfile_name(pg_current_wal_lsn()) AS file',
  );
  return Number.parseInt(rows[0]?.file.slice(0, 8) as string, 16);
}

/**
 * Returns the LSN at which the history of timeline `to` leaves timeline `from`: later WAL of `from` is not part of that
 * history. Returns 0/0 if `from` is no ancestor of `to`. Uses a replication connection, because SQL has no such function.
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
  client.on('error', () => undefined); // the pending query rejects with the same error
  await client.connect();
  try {
    const { rows } = await client.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${options.to}`);
    return divergenceIn(String(rows[0]?.content), options.from);
  } finally {
    await client.end();
  }
}

/**
 * Finds the LSN in a history file, which has a line per ancestor: timeline, LSN at which it was left, reason.
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
 */
export function divergenceIn(history: string, timeline: number): Lsn {
  for (const line of history.split('\n')) {
    const [ancestor, leftAt] = line.trim().split(/\s+/);
    if (leftAt && Number(ancestor) === timeline) return parseLsn(leftAt);
  }
  return LSN_ZERO;
}
