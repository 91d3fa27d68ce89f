// For Jest, as a CommonJS project runs it.
import { publish } from '@walmq/outbox';
import { defineWorker, drop } from 'walmq';
import { changesOf, testHandler } from 'walmq/testing';

declare function test(name: string, run: () => Promise<void>): void;
declare function expect(value: unknown): { toEqual(other: unknown): void };

interface Tables {
  orders: { id: number; note: string };
}

const orders = defineWorker<Tables>({
  queue: 'orders',
  on: {
    orders: {
      insert: async change => {
        if (change.after.note === '') throw drop('nothing to note');
        return { noted: change.after.note };
      },
    },
  },
});

const { insert } = changesOf<Tables>({
  orders: {
    oldRow: 'whole',
    key: ['id'],
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'note', type: 'text', nullable: false },
    ],
  },
});

test('a handler runs, and drops a change', async () => {
  const noted = await testHandler(orders, insert('orders', { id: 1, note: 'first' }));
  expect(noted.outcome).toEqual('completed');
  expect(noted.result).toEqual({ noted: 'first' });
  expect((await testHandler(orders, insert('orders', { id: 2, note: '' }))).outcome).toEqual('dropped');
  expect(typeof publish).toEqual('function');
});
