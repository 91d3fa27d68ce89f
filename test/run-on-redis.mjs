/**
 * The tests that decide about Redis, on other servers than the distribution's: by the absolute path of the program
 * (`npm run test:redis -- /opt/valkey/bin/valkey-server`). After a second `--` what else Vitest is to know, in place of
 * those tests: `npm run test:redis -- /usr/bin/redis-server -- apps/capture`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
/** Contracts with BullMQ, rights, durability, connections, sentinels, a cluster. */
const FILES = [
  'packages/redis',
  'packages/fanout',
  'packages/worker/test/moves',
  'packages/worker/test/redis-connection',
  'apps/capture/test/redis-',
];

const args = process.argv.slice(2);
const end = args.includes('--') ? args.indexOf('--') : args.length;
const [servers, forVitest] = [args.slice(0, end), args.slice(end + 1)];
if (servers.length === 0 || !servers.every(server => isAbsolute(server))) {
  console.error(
    'Say the absolute paths of servers: npm run test:redis -- /opt/valkey/bin/valkey-server /opt/redis/bin/redis-server',
  );
  process.exit(2);
}

const failed = [];
for (const server of servers) {
  const { stdout } = await promisify(execFile)(server, ['--version']);
  const [, product, version] = /^(\w+) server v=(\S+)/.exec(stdout) ?? [];
  if (!version) throw new Error(`${server} is no Redis and no Valkey: ${stdout}`);
  console.log(`\n${product} ${version}`);
  // The tests take the server that is first on PATH. The account of the servers has to reach it.
  const folder = await mkdtemp(join(tmpdir(), 'walmq-redis-bin-'));
  await chmod(folder, 0o755);
  await symlink(server, join(folder, `${product.toLowerCase()}-server`));
  const files = forVitest.length > 0 ? forVitest : FILES;
  const tests = spawn('npx', ['vitest', 'run', '--project', 'integration', '--project', 'fault', ...files], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` },
  });
  const [code] = await once(tests, 'exit');
  await rm(folder, { recursive: true });
  if (code !== 0) failed.push(`${product} ${version}`);
}
if (failed.length > 0) {
  console.error(`Failed on ${failed.join(', ')}`);
  process.exitCode = 1;
}
