import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const LISTED = 10;

/** Prints the files that a long run spent most time on: imports, hooks and tests. A run of few files prints nothing. */
export class SlowestFilesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= LISTED) return;
    const timed = modules.map(module => ({ file: fileOf(module), ms: timeOf(module) }));
    const slowest = timed.sort((a, b) => b.ms - a.ms).slice(0, LISTED);
    const total = timed.reduce((sum, { ms }) => sum + ms, 0);
    const lines = slowest.map(({ file, ms }) => `  ${seconds(ms).padStart(8)}  ${file}`);
    console.log(
      `\nThe ${LISTED} slowest of ${modules.length} files (${seconds(total)} in all)\n${lines.join('\n')}`,
    );
  }
}

function fileOf({ moduleId, project }: TestModule): string {
  return relative(project.vitest.config.root, moduleId);
}

function timeOf(module: TestModule): number {
  const { prepareDuration, environmentSetupDuration, setupDuration, collectDuration, duration } =
    module.diagnostic();
  return prepareDuration + environmentSetupDuration + setupDuration + collectDuration + duration;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
