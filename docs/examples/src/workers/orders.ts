import { defineWorker } from 'walmq';
import { rows, type Tables } from '../walmq-tables.js';

export default defineWorker<Tables>({
  queue: 'orders',
  on: { orders: { insert: async change => ({ action: 'seen', order_id: change.after.id }) } },
});

/** Validates a row from another source, with the table's zod validator. */
export const readOrder = (json: string) => rows.orders.parse(JSON.parse(json));
