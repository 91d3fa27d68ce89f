/** The part of an ioredis client, alone or of a cluster, that this needs. */
interface Endable {
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(): void;
}

/**
 * Ends a connection in any state. Between two tries to connect, `disconnect()` alone only takes back the next try: ioredis
 * then emits no end, and keeps the commands that wait for the connection.
 */
export function endConnection(client: Endable): void {
  client.disconnect();
  if (client.status !== 'reconnecting') return;
  client.connect().catch(() => undefined);
  client.disconnect();
}
