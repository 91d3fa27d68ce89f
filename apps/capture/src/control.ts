import { setTimeout } from 'node:timers/promises';
import { Client, type Connection } from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;
/** Everything asked here is a look into the catalog. */
const QUERY_TIMEOUT_MS = 30_000;
const GOODBYE_MS = 2000;

/** The ordinary connection beside the stream, for what only SQL tells. */
export interface Control {
  readonly client: Client;
  /** Rejects when the connection is lost; never resolves. */
  readonly lost: Promise<never>;
  /** Ends it in good order where the server still answers, else by force. */
  close(): Promise<void>;
}

export async function openControl(databaseUrl: string): Promise<Control> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'walmq capture control',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  const lost = new Promise<never>((_, reject) => client.on('error', reject));
  lost.catch(() => undefined);
  await client.connect();
  return {
    client,
    lost,
    async close() {
      const ended = client.end().catch(() => undefined);
      await Promise.race([ended, setTimeout(GOODBYE_MS, undefined, { ref: false })]);
      (client as Client & { connection: Connection }).connection.stream.destroy();
    },
  };
}
