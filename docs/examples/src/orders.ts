import { defineWorker } from '@walmq/worker';
import { rows, type Tables } from './walmq-tables.js';

export const orders = defineWorker<Tables>({
  queue: 'orders',
  on: { orders: { insert: async change => ({ action: 'seen', order_id: change.after.id }) } },
});

/** A zod validator of the same row, where data comes from elsewhere. */
export const readOrder = (json: string) => rows.orders.parse(JSON.parse(json));
