import { defineConfig } from 'vitest/config';

/** `npm run test:packages`: every package manager, Node.js, compiler and bundler. Takes several minutes. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['apps/pack/test/*.packages.test.ts', 'apps/pack/test/*.integration.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Each file has a registry and servers of its own.
    maxWorkers: 2,
  },
});
