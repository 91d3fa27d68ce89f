import type { Change } from '@walmq/change';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const SCHEMA = `
  CREATE SCHEMA chunks;
  CREATE TABLE readings (id integer PRIMARY KEY, value integer);
  CREATE TABLE chunks.one (PRIMARY KEY (id)) INHERITS (readings);
  -- Without a key of its own, and with a column of its own.
  CREATE TABLE chunks.two (note text) INHERITS (chunks.one);
  CREATE TABLE chunks.read (PRIMARY KEY (id)) INHERITS (readings);`;
const QUEUES = { readings: { table: 'readings' }, read: { table: 'chunks.read' } };

describe('tables that inherit', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  const told = (changes: readonly Change[]) =>
    changes.map(({ op, schema, table, key, before, after }) => [
      op,
      `${schema}.${table}`,
      key,
      before ?? after,
    ]);

  it('send their changes under the name of the table that a queue reads, also once they are gone', async () => {
    await using world = await CaptureWorld.create(servers, 'children', { schema: SCHEMA, queues: QUEUES });
    const seen = world.capture();
    await world.client.query('INSERT INTO chunks.one VALUES (1, 1); INSERT INTO readings VALUES (2, 2)');
    await world.client.query(
      "INSERT INTO chunks.two VALUES (3, 3, 'n'); UPDATE readings SET value = 4 WHERE id = 3",
    );
    await world.client.query('INSERT INTO chunks.read VALUES (9, 9)');
    const first = await world.waitForChanges('readings', 4);
    expect(told(first)).toEqual([
      ['insert', 'public.readings', { id: 1 }, { id: 1, value: 1 }],
      ['insert', 'public.readings', { id: 2 }, { id: 2, value: 2 }],
      ['insert', 'public.readings', { id: 3 }, { id: 3, value: 3, note: 'n' }],
      ['update', 'public.readings', { id: 3 }, { id: 3, value: 3, note: 'n' }],
    ]);
    expect(told(await world.waitForChanges('read', 1))).toEqual([
      ['insert', 'chunks.read', { id: 9 }, { id: 9, value: 9 }],
    ]);
    await world.waitUntilAcknowledged();
    await seen.stop();

    // Read when the child is there no more; and a truncate of a child says nothing of its parent.
    await world.client.query('DELETE FROM chunks.two; TRUNCATE chunks.one; DROP TABLE chunks.two');
    await world.client.query('TRUNCATE readings');
    const later = world.capture();
    const all = await world.waitForChanges('readings', 6);
    expect(told(all.slice(4))).toEqual([
      ['delete', 'public.readings', expect.anything(), { id: 3, value: 4, note: 'n' }],
      ['truncate', 'public.readings', null, null],
    ]);
    await later.stop();
  });
});
