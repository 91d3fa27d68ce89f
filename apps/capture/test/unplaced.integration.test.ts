import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess } from './capture-process-fixture.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => stopServers(servers));

it('a change without the column that orders its queue is parked with the reason, and the stream goes on', async () => {
  const queues = { items: { table: 'items', orderBy: 'order_id' } };
  await using world = await CaptureWorld.create(servers, 'unplaced', {
    schema: 'CREATE TABLE items (id int PRIMARY KEY, order_id int)',
    queues,
  });
  const { client } = world;
  await client.query('INSERT INTO items VALUES (1, 7), (2, 8)');
  // Set-up saw to whole old rows; somebody, or a tool that makes partitions, did not.
  await client.query('ALTER TABLE items REPLICA IDENTITY DEFAULT');
  await client.query('DELETE FROM items WHERE id = 1');
  await client.query('INSERT INTO items VALUES (3, 7)');
  const capture = await CaptureProcess.start({
    databaseUrl: world.databaseUrl,
    redisUrl: servers.redis.url,
    config: { source: { slot: 'unplaced' }, redis: { prefix: 'unplaced' }, queues },
  });
  const changes = await world.waitForChanges('items', 4);
  expect(changes.map(({ op, key, shapeError }) => [op, key?.id, shapeError])).toEqual([
    ['insert', 1, undefined],
    ['insert', 2, undefined],
    [
      'delete',
      1,
      'the change does not carry order_id, which orders the queue "items"; ALTER TABLE "public"."items" REPLICA IDENTITY ' +
        'FULL; mends the changes to come, of a partition its own: read the row by its key',
    ],
    ['insert', 3, undefined],
  ]);
  await world.waitUntilAcknowledged();
  expect(await capture.end('SIGTERM')).toBe(0);
});
