/**
 * The tests of what changed, in about a minute: `npm run test:changed`. What changed is what differs from the branch point on
 * main; name another commit with `npm run test:changed -- <commit>`. All unit tests that depend on a changed file run. The
 * integration tests that depend on one run up to a budget: first the changed tests themselves, then those of the changed
 * workspaces, then others, quick ones first. What does not fit is listed. Fault and browser tests run only if they
 * themselves changed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { createVitest } from 'vitest/node';

const ROOT = join(import.meta.dirname, '..');
/** Of all workers together: two of them work for half of it each. */
const BUDGET_MS = 70_000;
/** Of a file that has not run here yet. */
const UNKNOWN_MS = 12_000;

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
const lines = text => text.split('\n').filter(line => line !== '');

const since = process.argv[2] ?? git('merge-base', 'HEAD', 'main');
const changed = new Set([
  ...lines(git('diff', '--name-only', since)),
  ...lines(git('ls-files', '--others', '--exclude-standard')),
]);
const workspaceOf = file => file.split('/').slice(0, 2).join('/');
const workspaces = new Set([...changed].map(workspaceOf));

process.env.TEST ??= 'true';
process.env.VITEST ??= 'true';
process.env.NODE_ENV ??= 'test';
const vitest = await createVitest('test', { changed: since, watch: false, run: true });
const { results } = vitest.cache;
await results.readFromCache();

function describe(specification) {
  const { moduleId, project } = specification;
  const file = relative(ROOT, moduleId);
  const rank = changed.has(file) ? 0 : workspaces.has(workspaceOf(file)) ? 1 : 2;
  const ms = results.getResults(`${project.name}:${file}`)?.duration ?? UNKNOWN_MS;
  return { specification, file, kind: project.name, rank, ms };
}

const related = (await vitest.getRelevantTestSpecifications()).map(describe);
await vitest.close();
const units = related.filter(({ kind }) => kind === 'unit');
const candidates = related
  .filter(({ kind, rank }) => kind === 'integration' || (kind !== 'unit' && rank === 0))
  .sort((a, b) => a.rank - b.rank || a.ms - b.ms);
let left = BUDGET_MS;
const chosen = candidates.filter(({ rank, ms }) => {
  left -= ms;
  return rank === 0 || left >= 0;
});

const isChosen = new Set([...units, ...chosen]);
const leftOut = related.filter(each => !isChosen.has(each));
console.log(
  `${changed.size} files differ from ${since.slice(0, 12)}: ${units.length} unit tests and ${chosen.length} others run.`,
);
if (isChosen.size > 0) {
  const files = [...isChosen].map(({ file }) => file);
  const tests = spawn('npx', ['vitest', 'run', ...files], { cwd: ROOT, stdio: 'inherit' });
  [process.exitCode] = await once(tests, 'exit');
}
if (leftOut.length > 0) {
  console.log(`\nNot run, though they depend on what changed (npm test runs everything):`);
  for (const { file } of leftOut) console.log(`  ${file}`);
}
