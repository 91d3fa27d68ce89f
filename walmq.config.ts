import { defineConfig } from '@walmq/config';

/** The shop's fan-out: a change goes to every queue that names its table. */
export default defineConfig({
  queues: {
    // order-worker: mails and status changes
    orders: { table: 'orders' },
    // analytics-worker: product analytics
    order_items: { table: 'order_items' },
    // inventory-worker: low-stock alerts
    inventory: { table: 'inventory' },
    // inventory-worker: reserve and release, in order per order, across both tables
    reservations: {
      tables: {
        orders: { orderBy: 'id', operations: ['update', 'delete'] },
        order_items: { orderBy: 'order_id' },
      },
    },
  },
});
