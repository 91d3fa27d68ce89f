import { join } from 'node:path';
import { serverAccount } from '../server/account.js';
import type { EmbeddedServer } from '../server/embedded-server.js';
import { type Server, startServer } from '../server/server.js';
import { makeServerFolder } from '../server/server-folder.js';
import { formerPort, newPassword, readState, untilFree, writeState } from '../server/server-state.js';
import { writeOwned } from '../server/write-owned.js';
import { pingRedis } from './ping-redis.js';
import { findRedisBinary } from './redis-binary.js';

/** A Redis that writes every command to disk, on 127.0.0.1. */
export interface EmbeddedRedis extends EmbeddedServer {
  /** URL with the password. Every call of startRedis makes a new password, except with `keep`. */
  readonly url: string;
}

/** Settings of a Redis that must not lose a job: no eviction, and every write is on disk before its reply. */
const SETTINGS = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
  save: '""',
};

/**
 * Starts a Redis (or Valkey) server on 127.0.0.1, by default durable.
 * Throws EMBEDDED_REDIS_UNAVAILABLE (no program for this machine) or EMBEDDED_REDIS_FAILED.
 */
export async function startRedis(
  options: {
    /** Lines of redis.conf that override the defaults; values in the syntax of redis.conf. */
    settings?: Record<string, string | number>;
    /** Port. Default: that of an earlier start in `keep`, or a free one. */
    port?: number;
    /** A folder that keeps the data, with the same password at every start. Default: a temporary folder. */
    keep?: string;
    /** Gets a line of text before each step that may take a second or more. */
    onProgress?: (line: string) => void;
  } = {},
): Promise<EmbeddedRedis> {
  const { settings = {}, onProgress = () => {}, keep } = options;
  const account = serverAccount();
  const { command, env } = await findRedisBinary(account, onProgress);
  const folder = await makeServerFolder({ name: 'redis', account, endSignal: 'KILL', keep, onProgress });
  const configFile = join(folder.path, 'redis.conf');
  const former = await readState(folder.path);
  const password = former?.password ?? String(settings.requirepass ?? newPassword());
  const urlOf = (port: number) => `redis://:${password}@127.0.0.1:${port}`;

  let server: Server;
  try {
    if (former)
      await untilFree({
        folder: folder.path,
        state: former,
        name: 'Redis',
        failureCode: 'EMBEDDED_REDIS_FAILED',
        onProgress,
      });
    server = await startServer(
      {
        name: 'Redis',
        failureCode: 'EMBEDDED_REDIS_FAILED',
        failureRemedy: 'Set REDIS_URL to use a Redis server of your own.',
        command,
        args: isSentinel(settings) ? [configFile, '--sentinel'] : [configFile],
        env,
        account,
        folder,
        stopSignal: 'SIGTERM',
        writeSettings: port => {
          const defaults = isSentinel(settings) ? { bind: SETTINGS.bind } : SETTINGS;
          const own = { dir: JSON.stringify(folder.path), requirepass: password, port };
          return writeOwned(configFile, configText({ ...defaults, ...settings, ...own }), account);
        },
        probe: port => pingRedis(urlOf(port)),
      },
      options.port ?? (former && (await formerPort(former))),
    );
    if (keep !== undefined) await writeState(folder.path, { password, port: server.port, pid: server.pid });
  } catch (error) {
    await folder.watchdog.finish();
    throw error;
  }
  return {
    url: urlOf(server.port),
    port: server.port,
    get pid() {
      return server.pid;
    },
    stop: server.stop,
    kill: server.kill,
    restart: server.restart,
  };
}

/** Lines of a sentinel make the server a Redis Sentinel, which keeps no data. */
function isSentinel(settings: Record<string, string | number>): boolean {
  return Object.keys(settings).some(name => name.startsWith('sentinel '));
}

function configText(settings: Record<string, string | number>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}
