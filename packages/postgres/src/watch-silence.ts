import { WalmqError } from '@walmq/change';
import type { ClientBase, Connection } from 'pg';
import { askBackends, endBackends, processId } from './ask-backends.js';
import type { DatabaseUrl } from './database-url.js';

export interface SilenceOptions {
  readonly url: DatabaseUrl;
  /** Milliseconds that a query may wait for an answer before the server is asked about its connection. */
  readonly deadlineMs: number;
  /** Returns the clients to watch: those that may have a query in flight. */
  readonly clients: () => Iterable<ClientBase>;
  /** Called when a connection was closed because its server was silent. */
  readonly onLost?: ((error: Error) => void) | undefined;
}

/** Number of checks within one deadline. */
const LOOKS = 10;

/** Members of pg's Client that its type declarations omit. */
interface Innards {
  readonly connection: Connection & {
    readonly stream: { readonly bytesRead: number; destroy(error: Error): void };
  };
  /** False while a query waits for its answer. */
  readonly readyForQuery: boolean;
}

interface Silence {
  readonly bytesRead: number;
  readonly looks: number;
}

/**
 * Closes half-open connections. On a half-open connection, requests or answers get lost, and the operating system does not
 * report this for hours (Node.js cannot set TCP_USER_TIMEOUT). A long statement looks the same to the client. So this function
 * asks the server on a new connection. If the server does not have the silent connection, or waits for the client on it, the
 * connection is closed and its query fails. Silence is counted in checks, not timed, so that time in which this process was
 * suspended does not count.
 */
export function watchSilence({ url, deadlineMs, clients, onLost }: SilenceOptions): { stop(): void } {
  const silences = new WeakMap<ClientBase, Silence>();
  let asking = false;

  function isSilent(client: ClientBase): boolean {
    const { connection, readyForQuery } = client as ClientBase & Innards;
    const { bytesRead } = connection.stream;
    const known = silences.get(client);
    const still = !readyForQuery && known?.bytesRead === bytesRead;
    const looks = still ? known.looks + 1 : 0;
    silences.set(client, { bytesRead, looks });
    return looks >= LOOKS;
  }

  async function look(): Promise<void> {
    const silent = [...clients()].filter(isSilent);
    if (silent.length === 0) return;
    const states = await askBackends({ url, deadlineMs, pids: silent.map(processId) });
    for (const client of silent) {
      const state = states.get(processId(client));
      const { connection, readyForQuery } = client as ClientBase & Innards;
      const answered = readyForQuery || connection.stream.bytesRead !== silences.get(client)?.bytesRead;
      if (answered || state === 'busy' || state === 'unknown') continue;
      const error = new WalmqError(
        'DATABASE_UNREACHABLE',
        `PostgreSQL has not answered on a connection for ${deadlineMs} ms; the connection is opened again.`,
      );
      onLost?.(error);
      connection.stream.destroy(error);
      if (state === 'waits')
        await endBackends({ url, deadlineMs, pids: [processId(client)], name: nameOf(client) });
    }
  }

  const timer = setInterval(() => {
    if (asking) return;
    asking = true;
    void look().finally(() => {
      asking = false;
    });
  }, deadlineMs / LOOKS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function nameOf(client: ClientBase): string {
  return (client as ClientBase & { connectionParameters: { application_name: string } }).connectionParameters
    .application_name;
}
