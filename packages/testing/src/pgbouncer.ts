import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chown, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EmbeddedPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { eventually } from './waiting.js';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../.cache/pgbouncer', import.meta.url));
/** The package, and those of its libraries that Debian does not install by default. */
const PACKAGES = ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'];

export type PoolMode = 'session' | 'transaction' | 'statement';

export interface PgBouncer extends AsyncDisposable {
  /** The URL of a database of the server, through the pooler. */
  url(target: string): string;
}

/** For tests: a real PgBouncer in front of a server. It may not run as root, so it runs as the owner of the server's data. */
export async function startPgBouncer(
  postgres: EmbeddedPostgres,
  { mode, settings = {} }: { readonly mode: PoolMode; readonly settings?: Readonly<Record<string, string>> },
): Promise<PgBouncer> {
  const { uid, gid } = await stat(postgres.dataDir);
  const folder = await mkdtemp(join(tmpdir(), 'walmq-pgbouncer-'));
  const { command, env } = await findPgBouncer(folder);
  const port = await freePort();
  const { username, password } = new URL(postgres.url);
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: join(folder, 'users'),
    pool_mode: mode,
    // Fewer than the clients of a test: they take turns on the same sessions.
    default_pool_size: '3',
    max_client_conn: '200',
    ...settings,
  };
  const files = {
    users: `"${username}" "${decodeURIComponent(password)}"\n`,
    'pgbouncer.ini': `[databases]\n* = host=127.0.0.1 port=${postgres.port}\n[pgbouncer]\n${Object.entries(
      lines,
    )
      .map(([name, value]) => `${name} = ${value}`)
      .join('\n')}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  for (const path of [folder, ...Object.keys(files).map(name => join(folder, name))])
    await chown(path, uid, gid);
  const child = spawn(command, [join(folder, 'pgbouncer.ini')], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  });
  let output = '';
  child.stderr.on('data', chunk => {
    output += String(chunk);
  });
  const url = (target: string) =>
    Object.assign(new URL(target), { hostname: '127.0.0.1', port: String(port) }).href;
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer has ended: ${output}`);
    const client = new Client(url(postgres.url));
    await client.connect();
    await client.end();
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGKILL')) await gone;
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * On PATH, else unpacked from Debian's package, as the embedded Redis is, and copied into `folder`: its user may not reach the
 * repository.
 */
async function findPgBouncer(folder: string): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
  const found = await run('/bin/sh', [
    '-c',
    'command -v pgbouncer || test -x /usr/sbin/pgbouncer && echo /usr/sbin/pgbouncer',
  ]).catch(() => ({ stdout: '' }));
  const [command] = found.stdout.trim().split('\n');
  if (command) return { command, env: {} };
  if (!(await exists(join(CACHE, 'usr', 'sbin', 'pgbouncer')))) await unpack();
  await cp(join(CACHE, 'usr'), join(folder, 'usr'), { recursive: true, verbatimSymlinks: true });
  const lib = join(folder, 'usr', 'lib');
  const libraries = (await readdir(lib)).map(name => join(lib, name));
  return {
    command: join(folder, 'usr', 'sbin', 'pgbouncer'),
    env: { LD_LIBRARY_PATH: libraries.join(':') },
  };
}

async function unpack(): Promise<void> {
  const debs = join(CACHE, 'debs');
  await mkdir(debs, { recursive: true });
  await run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...PACKAGES], { cwd: debs });
  for (const name of await readdir(debs)) await run('dpkg-deb', ['--extract', join(debs, name), CACHE]);
  await rm(debs, { recursive: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
