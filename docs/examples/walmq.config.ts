import { defineConfig } from 'walmq';
import { tables } from './src/walmq-tables.js';

/** All queues of the documentation, in one file. */
export default defineConfig({
  queues: {
    // README.md, workers.md
    payments: { table: 'payments' }, // in order per primary key
    ledger: { table: 'payments', orderBy: 'account_id' }, // in order per account
    // types.md
    orders: { table: 'orders', expect: tables, onDrift: 'pause' },
    // outbox.md
    emails: { messages: true },
    receipts: { outbox: 'payment' }, // the aggregate type, or several
    bookkeeping: { outbox: ['payment', 'account'] },
    // backfill.md
    stock: { table: 'inventory', snapshot: 'initial' }, // default: 'never'
    // shape.md
    mailing: {
      table: 'orders',
      where: row => row.status !== 'pending', // true for the old or the new row
      columns: ['id', 'customer_email', 'status'], // or omit: [...]
      mask: { customer_email: { hash: () => process.env.MASK_KEY } },
      maxBytes: 100_000,
    },
    // audit.md
    audit: { tables: ['orders', 'order_items'] },
    // rewind.md
    'change-log': { tables: ['orders', 'order_items'] },
    // webhooks.md
    crm: {
      tables: ['orders', 'order_items'],
      operations: ['insert', 'update'],
      attempts: 17,
      backoff: { type: 'exponential', delayMs: 5000 }, // fails after some days
    },
    // analytics.md
    facts: { table: 'orders', concurrency: 200 },
  },
  // production.md
  workers: {
    payments: 'src/workers/payments.ts',
    ledger: 'src/workers/ledger.ts',
    emails: 'src/workers/emails.ts',
    facts: 'src/workers/facts.ts',
  },
});
