import { parseConfig, resolveConfig } from '@walmq/config';
import { describe, expect, it } from 'vitest';
import { checkDefinition, unhandledTables } from './check-definition.js';
import { defineWorker } from './define.js';
import { everyChange } from './every-change.js';
import type { InsertChange } from './row-changes.js';

const { queues } = resolveConfig(
  parseConfig(
    {
      queues: {
        reservations: {
          tables: { orders: { operations: ['update', 'delete'] }, 'sales.order_items': {} },
        },
      },
    },
    'test',
  ),
);
const handler = async () => 'done';

describe('checkDefinition', () => {
  it.each([
    ['QUEUE_UNKNOWN', 'reservation', {}, ['"reservation"', 'reservations']],
    ['QUEUE_UNKNOWN', 'constructor', {}, ['"constructor"']],
    ['TABLE_NOT_IN_QUEUE', 'reservations', { order_items: {} }, ['"order_items"', 'sales.order_items']],
    ['WORKER_OPERATION_UNKNOWN', 'reservations', { orders: { upsert: handler } }, ['"orders"', '"upsert"']],
    ['WORKER_OPERATION_UNKNOWN', 'reservations', { orders: { Update: handler } }, ['"Update"', 'update']],
    [
      'WORKER_OPERATION_EXCLUDED',
      'reservations',
      { orders: { insert: handler } },
      ['"reservations"', '"orders"', '"insert"', 'update, delete'],
    ],
  ] as const)('%s: queue %s', (code, queue, on, names) => {
    const check = () => checkDefinition(defineWorker({ queue, on: on as object }), queues);
    expect(check).toThrow(expect.objectContaining({ code }));
    try {
      check();
    } catch (error) {
      for (const name of names) expect((error as { sentence: string }).sentence).toContain(name);
    }
  });

  it('takes handlers of events where there are any, and none of the dead-letter queue', () => {
    const config = resolveConfig(
      parseConfig(
        { queues: { a: { messages: true }, b: { outbox: 'order' }, c: { table: 'orders' } } },
        'test',
      ),
    );
    const check = (queue: string) =>
      checkDefinition(defineWorker({ queue, events: { '*': handler } }), config.queues);
    for (const queue of ['a', 'b']) expect(check(queue).name).toBe(queue);
    expect(() => check('walmq.dead-letter')).toThrow(
      expect.objectContaining({ code: 'WORKER_QUEUE_RESERVED' }),
    );
    expect(() => check('c')).toThrow(expect.objectContaining({ code: 'WORKER_EVENTS_UNKNOWN' }));
    const any = everyChange({ queue: 'a', queues: config.queues, handler });
    expect([...any.events.keys()]).toEqual(['*']);
    defineWorker<object, object, { 'order.paid': { total: string } }>({
      queue: 'a',
      events: {
        'order.paid': async ({ after }) => after.payload.total.length,
        // @ts-expect-error: no such event
        'order.payed': handler,
      },
    });
  });

  it('takes what feeds the queue', () => {
    const definition = defineWorker({
      queue: 'reservations',
      on: {
        orders: { update: handler, delete: handler },
        'sales.order_items': { insert: handler, read: handler, truncate: handler },
      },
    });
    expect(checkDefinition(definition, queues).name).toBe('reservations');
    expect(unhandledTables(definition, queues.reservations!)).toEqual([]);
  });

  it('takes a worker of every change, whatever operations its queue takes', () => {
    const definition = everyChange({ queue: 'reservations', queues, handler });
    expect(checkDefinition(definition, queues).name).toBe('reservations');
    expect([...(definition.on.get('orders')?.keys() ?? [])]).toEqual(['update', 'delete']);
  });

  it.each([
    [{}, ['orders', 'sales.order_items']],
    [{ orders: {} }, ['orders', 'sales.order_items']],
    [{ orders: { update: handler } }, ['sales.order_items']],
  ])('unhandled of %j: %j', (on, tables) => {
    expect(unhandledTables(defineWorker({ queue: 'reservations', on }), queues.reservations!)).toEqual(
      tables,
    );
  });
});

describe('defineWorker, as the compiler sees it', () => {
  interface Order {
    readonly id: number;
  }
  interface Mailer {
    readonly send: (to: string) => void;
  }
  const mailer: Mailer = { send: () => {} };

  it('knows tables, operations and rows, and what handlers are given', () => {
    const { queue } = { queue: 'orders' };
    const uid = async (change: InsertChange<{ uid: string }>) => change.after.uid;
    const definitions = [
      defineWorker<{ orders: Order }>({
        queue,
        on: {
          orders: {
            insert: async change => change.after.id.toFixed(),
            delete: async change => change.before.id.toFixed(),
            // @ts-expect-error: a read change has no old row.
            read: async change => change.before.id,
            // @ts-expect-error: there is no such operation.
            upsert: handler,
          },
        },
      }),
      // @ts-expect-error: there is no such table.
      defineWorker<{ orders: Order }>({ queue, on: { order: { insert: handler } } }),
      // @ts-expect-error: there is no such column.
      defineWorker<{ orders: Order }>({ queue, on: { orders: { insert: uid } } }),
      // @ts-expect-error: the context that the handlers need is missing.
      defineWorker<{ orders: Order }, { mailer: Mailer }>({ queue, on: {} }),
      // @ts-expect-error: the kit has a field of this name.
      defineWorker<{ orders: Order }, { once: Mailer }>({ queue, context: { once: mailer }, on: {} }),
      defineWorker<{ orders: Order }, { mailer: Mailer }>({
        queue,
        context: { mailer },
        on: { orders: { insert: async (_, given) => given.mailer.send(String(given.attempt)) } },
      }),
    ];
    expect(definitions.every(({ queue }) => queue === 'orders')).toBe(true);
  });
});
