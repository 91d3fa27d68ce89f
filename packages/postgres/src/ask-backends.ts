import { isSqlstate } from '@walmq/change';
import { Client, type Connection } from 'pg';
import { type ConnectionOptions, ownConnection } from './client-config.js';
import { connectPrimary } from './connect-primary.js';

/**
 * State of a silent connection, as the server reports it on a new connection.
 *
 * - `gone`: the server does not have the connection, or the URL now leads to another server.
 * - `waits`: the server has answered the query, or has never received it, and waits for the client.
 * - `busy`: the server is at work on the query.
 * - `unreachable`: the server does not answer on a new connection either.
 * - `unknown`: the server cannot report the state (a pooler in between, or a server that rejects connections for now).
 */
export type BackendState = 'gone' | 'waits' | 'busy' | 'unreachable' | 'unknown';

export interface AskOptions extends Pick<ConnectionOptions, 'url'> {
  /** Process ids that the server reported to the connections. */
  readonly pids: readonly number[];
  /** Milliseconds that connecting may take, and again that the answer may take. */
  readonly deadlineMs: number;
}

/** Returns the state of each connection by process id. Never rejects. */
export async function askBackends(options: AskOptions): Promise<ReadonlyMap<number, BackendState>> {
  const { pids } = options;
  const all = (state: BackendState) => new Map(pids.map(pid => [pid, state]));
  try {
    return await onNewConnection(options, async client => {
      const { rows } = await client.query<{ pid: number; own: boolean; waits: boolean }>(
        // An idle walsender waits for its client or for WAL. Any other backend is idle, or cannot send its answer.
        `SELECT pid, pid = pg_backend_pid() AS own,
                CASE backend_type WHEN 'walsender' THEN wait_event_type IN ('Client', 'Activity')
                     ELSE state LIKE 'idle%' OR wait_event = 'ClientWrite' END IS TRUE AS waits
           FROM pg_stat_activity WHERE pid = ANY ($1) OR pid = pg_backend_pid()`,
        [pids],
      );
      // A pooler between client and server reports other process ids.
      if (rows.find(({ own }) => own)?.pid !== processId(client)) return all('unknown');
      const waits = new Map(rows.map(row => [row.pid, row.waits]));
      return new Map(pids.map(pid => [pid, stateOf(waits.get(pid))]));
    });
  } catch (cause) {
    // A server that rejects the connection with an SQLSTATE is reachable: too many connections, starting up.
    return all(isSqlstate((cause as { code?: unknown }).code) ? 'unknown' : 'unreachable');
  }
}

/**
 * Ends backends whose connection was given up. The server may detect the loss only hours later; until then an open transaction
 * keeps its locks and a walsender keeps its slot. Never rejects: the server's own time-outs end the other backends.
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
  const { client } = await connectPrimary(url, async one => {
    const opened = new Client(
      ownConnection({ url: one, name: 'walmq asks', connectTimeoutMs: deadlineMs, answerMs: deadlineMs }),
    );
    opened.on('error', () => undefined); // the pending query rejects with the same error
    try {
      await opened.connect();
    } catch (cause) {
      end(opened);
      throw cause;
    }
    return opened;
  });
  try {
    return await act(client);
  } finally {
    end(client);
  }
}

/** Sends Terminate, but does not wait for the server: destroys the socket after 100 ms. */
function end(client: Client): void {
  void client.end().catch(() => undefined);
  setTimeout(() => (client as Client & { connection: Connection }).connection.stream.destroy(), 100).unref();
}

function stateOf(waits: boolean | undefined): BackendState {
  if (waits === undefined) return 'gone';
  return waits ? 'waits' : 'busy';
}

/** Process id that the server reported to this connection. */
export function processId(client: object): number {
  return (client as { processID: number }).processID;
}
