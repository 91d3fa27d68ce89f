import { defineConfig } from 'walmq';

const name = process.env.WALMQ_NAME ?? 'walmq';

export default defineConfig({
  source: { slot: name, publication: name },
  redis: { prefix: name },
  queues: { orders: { table: 'orders' } },
  workers: { orders: './worker.ts' },
});
