import { defineConfig } from '@walmq/config';

/** What a mail server may take in all, up to a mail's last byte (RFC 5321, 4.5.3.2). */
const MAIL_DEADLINE_MS = 20 * 60_000;

/** The shop's fan-out: a change goes to every queue that names its table. */
export default defineConfig({
  queues: {
    // order-worker: mails and status changes
    orders: { table: 'orders', deadlineMs: MAIL_DEADLINE_MS },
    // analytics-worker: product analytics
    order_items: { table: 'order_items' },
    // inventory-worker: low-stock alerts
    inventory: { table: 'inventory', deadlineMs: MAIL_DEADLINE_MS },
    // inventory-worker: reserve and release, in order per order, across both tables
    reservations: {
      tables: {
        orders: { orderBy: 'id', operations: ['update', 'delete'] },
        order_items: { orderBy: 'order_id' },
      },
    },
  },
});
