import { Client, type ClientConfig, type Connection } from 'pg';
import { LogicalReplicationService } from 'pg-logical-replication';

/** What the package's types hide. */
interface Hidden {
  _client: Client | null;
  _connection: Connection | null;
  client(): Promise<[Client, Connection]>;
}

/**
 * A service of pg-logical-replication whose client has a listener for errors before it connects. The package adds its own after
 * that, and a backend that is terminated then may send its error together with the end of the greeting. An error without a
 * listener ends the process.
 */
export function replicationService(connection: ClientConfig): LogicalReplicationService {
  const service = new LogicalReplicationService(connection, {
    // The package acknowledges the received LSN, and adds 1 to it. So ReplicationStream sends the status messages itself.
    acknowledge: { auto: false, timeoutSeconds: 0 },
    flowControl: { enabled: false },
  });
  const hidden = service as unknown as Hidden;
  hidden.client = async () => {
    await service.stop();
    const config: ClientConfig & { replication: string } = { ...connection, replication: 'database' };
    const client = new Client(config) as Client & { connection: Connection };
    client.on('error', (error: Error) => service.emit('error', error));
    hidden._client = client;
    await client.connect();
    hidden._connection = client.connection;
    return [client, client.connection];
  };
  return service;
}
