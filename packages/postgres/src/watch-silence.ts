import { WalmqError } from '@walmq/change';
import type { ClientBase, Connection } from 'pg';
import { askBackends, endBackends, processId } from './ask-backends.js';

export interface SilenceOptions {
  readonly url: string;
  /** Milliseconds that a question may go unanswered before the server is asked about its connection. */
  readonly deadlineMs: number;
  /** Those that may have asked something. */
  readonly clients: () => Iterable<ClientBase>;
  /** A connection was closed because its server fell silent. */
  readonly onLost?: ((error: Error) => void) | undefined;
}

/** Looks within one deadline. */
const LOOKS = 10;

/** pg's own, which its type declarations leave out. */
interface Innards {
  readonly connection: Connection & {
    readonly stream: { readonly bytesRead: number; destroy(error: Error): void };
  };
  /** False while a question waits for its answer. */
  readonly readyForQuery: boolean;
}

interface Silence {
  readonly bytesRead: number;
  readonly looks: number;
}

/**
 * A connection may be half open: what we send arrives nowhere, or no answer comes back, and no system says so for hours (Node.js
 * cannot set TCP_USER_TIMEOUT). A long statement looks the same from here. So the server is asked, on a new connection: one
 * that it does not have, or that waits for us, is closed, and its question fails. Counted in looks, not timed: a process that
 * was suspended has missed nothing.
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
