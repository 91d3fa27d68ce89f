import { defineConfig } from 'vitest/config';

/** Our packages are tested from their sources; programs that a test starts run from dist, as a user's do. */
const resolve = { conditions: ['source'] };
const ssr = { resolve };

/** A test's kind is its file's suffix; the kind says what it may need and how long it may take. */
function kind(name: string, timeoutMs: number, parallel: boolean, groupOrder: number) {
  return {
    resolve,
    ssr,
    test: {
      name,
      include: [`{apps,packages,test}/**/*.${name}.test.ts`],
      exclude: ['**/node_modules/**', '**/dist/**'],
      testTimeout: timeoutMs,
      hookTimeout: 120_000,
      fileParallelism: parallel,
      // They wait for servers more than they compute: on two cores the default of one at a time takes twice as long.
      ...(parallel ? { maxWorkers: 2 } : {}),
      sequence: { groupOrder },
      // A condition that comes late is no failure: machines are slow at times, and nothing here measures speed.
      expect: { poll: { timeout: 20_000 } },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      kind('unit', 10_000, true, 0),
      kind('integration', 60_000, true, 1),
      kind('fault', 300_000, false, 2),
      kind('browser', 120_000, false, 3),
    ],
  },
});
