import { defineConfig } from 'walmq';

const { WORLD } = process.env;
const eager = {
  attempts: 20,
  backoff: { type: 'fixed', delayMs: 50 },
  stalledAfterMs: 1000,
  maxStalledCount: 100,
} as const;

export default defineConfig({
  source: { slot: WORLD },
  redis: { prefix: WORLD },
  queues: {
    orders: { table: 'orders', messages: true, ...eager },
    batches: { table: 'orders', ...eager },
    requests: { table: 'orders', operations: ['insert'], ...eager },
  },
});
