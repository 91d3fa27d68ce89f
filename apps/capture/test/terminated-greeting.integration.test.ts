import { type AddressInfo, connect, createServer } from 'node:net';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

/** ReadyForQuery outside a transaction: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => stopServers(servers));

it('a walsender that is terminated as soon as it has greeted ends the session, not the process', async () => {
  await using world = await CaptureWorld.create(servers, 'terminated_greeting', {
    schema: 'CREATE TABLE items (id integer PRIMARY KEY)',
    queues: { items: { table: 'items' } },
  });
  // The end of the greeting and the error reach capture as one piece of data.
  const server = createServer(client => {
    const upstream = connect(servers.postgres.port, '127.0.0.1');
    const held: Buffer[] = [];
    let isReplication = false;
    client.once('data', (startup: Buffer) => {
      isReplication = startup.includes('replication\0database');
    });
    client.on('data', (data: Buffer) => upstream.write(data));
    upstream.on('data', (data: Buffer) => {
      if (!isReplication || (held.length === 0 && !data.includes(READY_FOR_QUERY))) client.write(data);
      else if (held.push(data) === 1) void terminateWalsender();
    });
    upstream.on('end', () => client.end(Buffer.concat(held)));
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  const terminateWalsender = () =>
    world.client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'walsender' AND datname = current_database()",
    );
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = new URL(world.databaseUrl);
    url.port = String((server.address() as AddressInfo).port);
    await expect(world.capture({}, url.href).ended).rejects.toMatchObject({ code: 'REPLICATION_LOST' });
  } finally {
    server.close();
  }
});
