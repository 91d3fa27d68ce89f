import { Client, type Connection } from 'pg';
import { DEADLINE_MS, type OwnConnectionOptions, ownConnection } from './client-config.js';
import { connectionError } from './failure.js';
import { TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_SINCE } from './settings.js';
import { watchSilence } from './watch-silence.js';

/** A connection that is up. */
export interface OpenClient {
  readonly client: Client;
  /** `18` */
  readonly serverMajor: number;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;
  /** Ends it in good order where the server still answers, else by force. */
  close(): Promise<void>;
}

const GOODBYE_MS = 2000;

/**
 * Opens a connection on which only our own SQL runs. Rejects with DATABASE_... as connectionFailure names it, and with
 * DATABASE_URL_INVALID.
 */
export async function openClient(options: OwnConnectionOptions): Promise<OpenClient> {
  const client = new Client(ownConnection(options));
  const lost = new Promise<never>((_, reject) => client.on('error', reject));
  lost.catch(() => undefined);
  const major = reportedMajor(client);
  try {
    await client.connect();
    if (major() >= TRANSACTION_TIMEOUT_SINCE && options.serverMajor === undefined)
      for (const [name, value] of Object.entries(TRANSACTION_TIMEOUT))
        await client.query(`SET ${name} = ${value}`);
  } catch (cause) {
    destroy(client);
    throw connectionError(cause);
  }
  const { url, deadlineMs = DEADLINE_MS } = options;
  const watch = watchSilence({ url, deadlineMs, clients: () => [client] });
  client.once('end', watch.stop);
  return { client, serverMajor: major(), lost, close: () => close(client) };
}

/** Of the report that every server sends before it takes a statement: nothing has to be asked, in no transaction. */
function reportedMajor(client: Client): () => number {
  let major = 0;
  connectionOf(client).on('parameterStatus', ({ parameterName, parameterValue }: Reported) => {
    if (parameterName === 'server_version') major = Number.parseInt(parameterValue, 10);
  });
  return () => major;
}

interface Reported {
  readonly parameterName: string;
  readonly parameterValue: string;
}

async function close(client: Client): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise(resolve => {
    timer = setTimeout(resolve, GOODBYE_MS);
  });
  await Promise.race([client.end().catch(() => undefined), overdue]);
  clearTimeout(timer);
  destroy(client);
}

function destroy(client: Client): void {
  connectionOf(client).stream.destroy();
}

/** pg's own, which its type declarations leave out. */
function connectionOf(client: Client): Connection {
  return (client as Client & { connection: Connection }).connection;
}
