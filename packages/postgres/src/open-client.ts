import { Client, type Connection } from 'pg';
import { DEADLINE_MS, type OwnConnectionOptions, ownConnection } from './client-config.js';
import { connectPrimary } from './connect-primary.js';
import type { DatabaseUrl } from './database-url.js';
import { connectionError } from './failure.js';
import { oneAtATime } from './one-at-a-time.js';
import { TRANSACTION_TIMEOUT, TRANSACTION_TIMEOUT_SINCE } from './settings.js';
import { watchSilence } from './watch-silence.js';

/** An open connection. */
export interface OpenClient {
  readonly client: Client;
  /** Leads to the server of this connection: if the given URL has several hosts, it names one. */
  readonly url: DatabaseUrl;
  /** Major version of the server, for example `18`. */
  readonly serverMajor: number;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;
  /** Ends the connection, by force if the server does not answer within 2 s. */
  close(): Promise<void>;
}

const GOODBYE_MS = 2000;

/**
 * Opens a connection that runs only walmq's own SQL. Rejects with the error that connectionFailure names, or with
 * DATABASE_URL_INVALID.
 */
export async function openClient(options: OwnConnectionOptions): Promise<OpenClient> {
  let serverMajor = 0;
  let lost = new Promise<never>(() => undefined);
  const { client, url } = await connectPrimary(options.url, async one => {
    const opened = await connect({ ...options, url: one });
    ({ serverMajor, lost } = opened);
    return opened.client;
  });
  const { deadlineMs = DEADLINE_MS } = options;
  const watch = watchSilence({ url: options.url, deadlineMs, clients: () => [client] });
  client.once('end', watch.stop);
  return { client, url, serverMajor, lost, close: () => close(client) };
}

async function connect(options: OwnConnectionOptions) {
  const client = new Client(ownConnection(options));
  oneAtATime(client);
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
  return { client, lost, serverMajor: major() };
}

/** Reads the major version from the parameters that every server sends before the first statement, so no query is needed. */
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

/** Returns a member of pg's Client that its type declarations omit. */
function connectionOf(client: Client): Connection {
  return (client as Client & { connection: Connection }).connection;
}
