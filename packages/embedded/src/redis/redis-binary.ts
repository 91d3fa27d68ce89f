import { access, constants, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../server/account.js';
import { run } from '../server/run.js';
import { exists, fillOnce, isReadableFor, sharedTemporaryFolder } from '../server/shared-folder.js';
import { notFound, unpackedPaths, unpackRedis } from './unpack-redis.js';

export interface RedisBinary {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Cache folder in the project's folder, so that it is removed with the project. */
const PROJECT_CACHE = fileURLToPath(new URL('../../../../.cache', import.meta.url));

/**
 * Finds a Redis or Valkey server on PATH. If there is none, unpacks the distribution's package into a cache folder, without
 * installing it (Debian and its derivatives). Throws EMBEDDED_REDIS_UNAVAILABLE.
 */
export async function findRedisBinary(
  account: Account,
  onProgress: (line: string) => void,
): Promise<RedisBinary> {
  for (const name of ['valkey-server', 'redis-server']) {
    const command = (await run('/bin/sh', ['-c', 'command -v "$1"', 'sh', name])).output.trim();
    const binary = { command, env: { LC_ALL: 'C' } };
    if (command && (await isRunnable(binary, account))) return binary;
  }
  return await unpackedRedis({ cache: await cacheFolder(account), account, onProgress });
}

/** Returns the project's cache folder if this process can write and the servers' account can read it, else a temporary one. */
async function cacheFolder(account: Account): Promise<string> {
  await mkdir(PROJECT_CACHE, { recursive: true }).catch(() => undefined);
  const writable = await access(PROJECT_CACHE, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (writable && (await isReadableFor(account, PROJECT_CACHE))) return PROJECT_CACHE;
  return await sharedTemporaryFolder();
}

async function unpackedRedis(options: {
  cache: string;
  account: Account;
  onProgress: (line: string) => void;
}): Promise<RedisBinary> {
  const { cache, account, onProgress } = options;
  const folder = join(cache, 'redis');
  const { server, libraries } = unpackedPaths(folder);
  const binary = { command: server, env: { LC_ALL: 'C', LD_LIBRARY_PATH: libraries } };
  if (await isRunnable(binary, account)) return binary;

  // A program that is there but does not run was unpacked before the system changed.
  if (await exists(folder)) await rm(folder, { recursive: true, force: true });
  onProgress("Redis: none on PATH; fetching the distribution's package, once");
  await fillOnce({ folder: cache, name: 'redis', fill: unpackRedis });
  if (await isRunnable(binary, account)) return binary;
  throw notFound("the distribution's redis-server was unpacked but does not run.");
}

async function isRunnable({ command, env }: RedisBinary, account: Account): Promise<boolean> {
  return (await run(command, ['--version'], { account, cwd: '/', env })).ok;
}
