import { defineConfig } from 'vitest/config';
import { SlowestFilesReporter } from './test/slowest-files-reporter.js';

/** Our packages are tested from their sources; programs that a test starts run from dist, as a user's do. */
const resolve = { conditions: ['source'] };
const ssr = { resolve };

/**
 * Fault tests that need the machine for themselves. Every other file starts its own servers on free ports, so that two
 * run at a time.
 */
const ALONE = [
  // Whole systems, whose processes and servers compete for the processor already.
  'apps/soak/test/rounds.fault.test.ts',
  // 100,000 failed changes: Redis and a process with little memory compute without a pause.
  'apps/cli/test/failed-large.fault.test.ts',
  // A handler fills its process's memory.
  'packages/worker/test/culprit.fault.test.ts',
];

/** A test's kind is its file's suffix; the kind says what the test needs and how long it may take. */
function kind(
  name: string,
  options: {
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
    readonly timeoutMs: number;
    readonly parallel: boolean;
    /** False: the files of a worker share their modules, which takes a third of the time. Default: true. */
    readonly isolate?: boolean;
    /** Kinds of one number run at the same time, those of a higher number later. */
    readonly order: number;
  },
) {
  const { timeoutMs, parallel, isolate = true, order, exclude = [] } = options;
  const { include = [`{apps,docs,packages,test}/**/*.${name}.test.ts`] } = options;
  return {
    resolve,
    ssr,
    test: {
      name,
      include: [...include],
      exclude: ['**/node_modules/**', '**/dist/**', ...exclude],
      testTimeout: timeoutMs,
      hookTimeout: 120_000,
      isolate,
      fileParallelism: parallel,
      // Tests wait for servers more than they compute: on two cores the default of one file at a time takes twice as long.
      ...(parallel ? { maxWorkers: 2 } : {}),
      sequence: { groupOrder: order },
      // A condition that comes late is no failure: machines are slow at times, and nothing here measures speed.
      expect: { poll: { timeout: 20_000 } },
    },
  };
}

export default defineConfig({
  test: {
    reporters: ['default', new SlowestFilesReporter()],
    projects: [
      kind('unit', { timeoutMs: 30_000, parallel: true, isolate: false, order: 0 }),
      kind('integration', { timeoutMs: 60_000, parallel: true, order: 1 }),
      kind('fault', { timeoutMs: 300_000, parallel: true, order: 2, exclude: ALONE }),
      kind('alone', { include: ALONE, timeoutMs: 300_000, parallel: false, order: 3 }),
      kind('browser', { timeoutMs: 120_000, parallel: false, order: 4 }),
    ],
  },
});
