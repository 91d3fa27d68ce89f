import { Client, type Connection } from 'pg';
import { type ConnectionOptions, ownConnection } from './client-config.js';

/**
 * What the server says, on a new connection, of one that has fallen silent. `gone`: it does not have it (any more), or the
 * URL leads to another server by now. `waits`: it has answered, or has never been asked, and waits for its client. `busy`: it
 * is at work. `unreachable`: it does not answer on a new connection either. `unknown`: it cannot be told.
 */
export type BackendState = 'gone' | 'waits' | 'busy' | 'unreachable' | 'unknown';

export interface AskOptions extends Pick<ConnectionOptions, 'url'> {
  /** Process ids, as the server gave them to each connection. */
  readonly pids: readonly number[];
  /** Milliseconds that connecting, and the answer, may take each. */
  readonly deadlineMs: number;
}

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** By process id. Never rejects. */
export async function askBackends(options: AskOptions): Promise<ReadonlyMap<number, BackendState>> {
  const { pids } = options;
  const all = (state: BackendState) => new Map(pids.map(pid => [pid, state]));
  try {
    return await onNewConnection(options, async client => {
      const { rows } = await client.query<{ pid: number; own: boolean; waits: boolean }>(
        // A walsender at rest waits for its client or for WAL; any other backend is idle, or cannot send its answer.
        `SELECT pid, pid = pg_backend_pid() AS own,
                CASE backend_type WHEN 'walsender' THEN wait_event_type IN ('Client', 'Activity')
                     ELSE state LIKE 'idle%' OR wait_event = 'ClientWrite' END IS TRUE AS waits
           FROM pg_stat_activity WHERE pid = ANY ($1) OR pid = pg_backend_pid()`,
        [pids],
      );
      // A pooler in between has process ids of its own.
      if (rows.find(({ own }) => own)?.pid !== processId(client)) return all('unknown');
      const waits = new Map(rows.map(row => [row.pid, row.waits]));
      return new Map(pids.map(pid => [pid, stateOf(waits.get(pid))]));
    });
  } catch (cause) {
    // A server that refuses in words is there: too many connections, starting up.
    return all(SQLSTATE.test(String((cause as { code?: unknown }).code)) ? 'unknown' : 'unreachable');
  }
}

/**
 * Ends backends whose connection was given up: the server may hear of that hours later, and until then an open transaction
 * keeps its locks and a walsender its slot. Never rejects: what cannot be ended ends by the server's own time-outs.
 */
export async function endBackends(options: AskOptions & { readonly name: string }): Promise<void> {
  await onNewConnection(options, client =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid = ANY ($1) AND application_name = $2 AND usename = current_user`,
      [options.pids, options.name],
    ),
  ).catch(() => undefined);
}

async function onNewConnection<T>(
  { url, deadlineMs }: AskOptions,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(
    ownConnection({ url, name: 'walmq asks', connectTimeoutMs: deadlineMs, answerMs: deadlineMs }),
  );
  client.on('error', () => undefined); // the query under way carries the same error
  try {
    await client.connect();
    return await act(client);
  } finally {
    // In good order where the server answers; a deadline is no reason to wait for a goodbye.
    void client.end().catch(() => undefined);
    setTimeout(
      () => (client as Client & { connection: Connection }).connection.stream.destroy(),
      100,
    ).unref();
  }
}

function stateOf(waits: boolean | undefined): BackendState {
  if (waits === undefined) return 'gone';
  return waits ? 'waits' : 'busy';
}

/** As the server gave it to this connection. */
export function processId(client: object): number {
  return (client as { processID: number }).processID;
}
