import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineWorker } from '../src/define/define.js';
import { WorkerWorld } from './worker-fixture.js';

describe('handlers of events', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('are found by type, of messages and of outbox rows; the others get the rest', async () => {
    await using world = await WorkerWorld.create(servers, 'events', {
      queues: { mixed: { table: 'orders', messages: true, outbox: 'order' } },
    });
    world.start(
      defineWorker<{ orders: { id: number } }, object, { 'order.paid': { total: string } }>({
        queue: 'mixed',
        on: { orders: { update: async () => 'a row' } },
        events: {
          'order.paid': async (change, { once }) =>
            once(change, async () => ({ [change.op]: change.after.payload.total })),
        },
      }),
    );
    const after = { type: 'order.paid', payload: { total: '9.99' } };
    const message = () => ({ ...world.change('message', 'event', { after }), schema: 'walmq' });
    const results = [
      await world.process('mixed', message(), { name: 'order.paid' }),
      await world.process('mixed', world.change('insert', 'outbox', { after }), { name: 'order.paid' }),
      await world.process('mixed', world.change('update', 'orders', { after: { id: 1 } })),
      // Named as an operation is, it is an event still.
      await world.process('mixed', message(), { name: 'insert' }),
      await world.process('mixed', world.change('insert', 'orders', { after: { id: 1 } })),
    ].map(ending => ending.state === 'completed' && ending.result);
    expect(results).toEqual([
      { message: '9.99' },
      { insert: '9.99' },
      'a row',
      { processed: false, reason: 'no handler for this type of event' },
      { processed: false, reason: 'no handler for insert' },
    ]);
  });

  it('with a handler for any event need none of their own', async () => {
    await using world = await WorkerWorld.create(servers, 'any_event', {
      queues: { emails: { messages: true } },
    });
    world.start(
      defineWorker({
        queue: 'emails',
        events: { known: async () => 'known', '*': async ({ after }) => `any: ${after.type}` },
      }),
    );
    const send = (type: string) =>
      world.process('emails', world.change('message', 'event', { after: { type, payload: null } }), {
        name: type,
      });
    expect(await send('known')).toMatchObject({ result: 'known' });
    expect(await send('other')).toMatchObject({ result: 'any: other' });
  });
});
