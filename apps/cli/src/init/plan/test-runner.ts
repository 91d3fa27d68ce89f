import type { Manifest } from '../look/project.js';

export type TestRunner = 'node' | 'vitest' | 'jest';

/**
 * Runs the tests on Node.js 20 too, which cannot read TypeScript. The shell, or Node.js 21 and newer, replaces the
 * pattern by the files.
 */
export const NODE_TEST_COMMAND = 'node --import tsx --test src/workers/*.test.ts';

/** The project's own test runner, or that of Node.js. */
export function testRunnerOf({
  dependencies,
  devDependencies,
}: Pick<Manifest, 'dependencies' | 'devDependencies'>): TestRunner {
  const all = { ...dependencies, ...devDependencies };
  return 'vitest' in all ? 'vitest' : 'jest' in all ? 'jest' : 'node';
}
