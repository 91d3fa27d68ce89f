import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliWorld } from './cli-fixture.js';

describe('walmq trace', () => {
  let servers: Servers;
  let world: CliWorld;
  beforeAll(async () => {
    servers = await startServers();
    world = await CliWorld.create(servers, 'cli_trace', {
      schema: 'CREATE TABLE orders (id integer PRIMARY KEY); INSERT INTO orders VALUES (42)',
      queues: { orders: { table: 'orders' } },
    });
    await world.run('setup');
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await stopServers(servers);
  });

  it('says that nothing is known, and why; exit code 1', async () => {
    const { code, lines } = await world.run('trace', 'orders', '42');
    expect(code).toBe(1);
    expect(lines[0]).toBe('orders 42: nothing is known');
    expect(lines.join('\n')).toContain('The table has this row now.');
    expect((await world.run('trace', 'orders', '43')).lines.join('\n')).toContain(
      'The table has no such row now.',
    );
  });

  it('prints one object for programs', async () => {
    const { lines } = await world.run('trace', 'orders', '42', '--json');
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ title: 'orders 42', changes: [], omitted: 0 });
  });

  it.each([
    [['ordes', '42'], 'TABLE_NOT_TAKEN: no queue takes the table ordes. Did you mean "orders"?'],
    [['orders', 'x'], 'KEY_INVALID: "x" is no integer, the type of orders.id.'],
    [['orders', '1', '2'], 'KEY_INVALID: the key of orders is (id), and 2 values were given.'],
    [['--change', '42'], 'POSITION_INVALID: "42" is no id of a change.'],
    [['--lsn', '42'], 'POSITION_INVALID: "42" is no LSN.'],
    [['orders'], 'OPTION_MISSING: no row was named.'],
    [
      ['orders', '1', '--event', '1'],
      'OPTION_INVALID: both a row and an option that names changes were given.',
    ],
  ])('trace %j: %s', async (args, sentence) => {
    const { code, errors } = await world.run('trace', ...args);
    expect(code).toBe(1);
    expect(errors.join('\n')).toContain(sentence);
  });
});
