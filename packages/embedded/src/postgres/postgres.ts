import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import pg from 'pg';
import { type Account, serverAccount } from '../server/account.js';
import type { EmbeddedServer } from '../server/embedded-server.js';
import { run } from '../server/run.js';
import { lastLines, type Server, startServer } from '../server/server.js';
import { makeServerFolder, type ServerFolder } from '../server/server-folder.js';
import { formerPort, newPassword, readState, untilFree, writeState } from '../server/server-state.js';
import { writeOwned } from '../server/write-owned.js';
import { embeddedPostgresMajor, findPostgresBinaries } from './postgres-binaries.js';

/** A PostgreSQL with `wal_level = logical`, on 127.0.0.1. */
export interface EmbeddedPostgres extends EmbeddedServer {
  /** URL of the superuser `postgres` and the database `postgres`. Every call of startPostgres makes a new password, except with `keep`. */
  readonly url: string;
  /** Path of its data directory. */
  readonly dataDir: string;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_replication_slots: 20,
  max_wal_senders: 20,
  shared_buffers: '32MB',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const REMEDY = 'Set DATABASE_URL to use a PostgreSQL server of your own.';

/**
 * Starts a PostgreSQL server on 127.0.0.1, by default with wal_level = logical and fsync on.
 * Throws EMBEDDED_POSTGRES_UNAVAILABLE (no programs for this machine) or EMBEDDED_POSTGRES_FAILED.
 */
export async function startPostgres(
  options: {
    /** Lines of postgresql.conf that override the defaults. */
    settings?: Record<string, string | number>;
    /** Port. Default: that of an earlier start in `keep`, or a free one. */
    port?: number;
    /** A folder that keeps the data, with the same password at every start. Default: a temporary folder. */
    keep?: string;
    /** Gets a line of text before each step that may take a second or more. */
    onProgress?: (line: string) => void;
  } = {},
): Promise<EmbeddedPostgres> {
  const { settings = {}, onProgress = () => {}, keep } = options;
  const account = serverAccount();
  const { initdb, postgres } = await findPostgresBinaries({ account, onProgress });
  const folder = await makeServerFolder({
    name: 'postgres',
    account,
    endSignal: 'QUIT',
    keep,
    onProgress,
  });
  const dataDir = join(folder.path, 'data');
  const former = await readState(folder.path);
  const password = former?.password ?? newPassword();
  const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

  let server: Server;
  try {
    if (former)
      await untilFree({
        folder: folder.path,
        state: former,
        name: 'PostgreSQL',
        failureCode: 'EMBEDDED_POSTGRES_FAILED',
        onProgress,
      });
    else {
      onProgress('PostgreSQL: making a new database cluster');
      // What an interrupted start has left.
      await rm(dataDir, { recursive: true, force: true });
      await initialize({ initdb, dataDir, folder, account, password });
    }
    server = await startServer(
      {
        name: 'PostgreSQL',
        failureCode: 'EMBEDDED_POSTGRES_FAILED',
        failureRemedy: REMEDY,
        command: postgres,
        args: ['-D', dataDir],
        env: { LC_ALL: 'C' },
        account,
        folder,
        stopSignal: 'SIGINT',
        writeSettings: port =>
          writeOwned(join(dataDir, 'walmq.conf'), settingsFile({ ...SETTINGS, ...settings, port }), account),
        probe: port => connectOnce(urlOf(port)),
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
    dataDir,
    get pid() {
      return server.pid;
    },
    stop: server.stop,
    kill: server.kill,
    restart: server.restart,
  };
}

async function initialize(options: {
  initdb: string;
  dataDir: string;
  folder: ServerFolder;
  account: Account;
  password: string;
}): Promise<void> {
  const { initdb, dataDir, folder, account, password } = options;
  const passwordFile = join(folder.path, 'password');
  await writeOwned(passwordFile, password, account);
  const made = await run(
    initdb,
    [
      '-D',
      dataDir,
      '-U',
      'postgres',
      '--no-sync',
      '--no-instructions',
      '--encoding=UTF8',
      '--locale=C',
      ...localeProvider(),
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
    ],
    { account, cwd: folder.path, env: { LC_ALL: 'C' } },
  );
  await rm(passwordFile);
  if (!made.ok)
    throw new WalmqError(
      'EMBEDDED_POSTGRES_FAILED',
      `a PostgreSQL database cluster could not be made:\n${lastLines(made.report)}`,
      { remedy: REMEDY },
    );
  await appendFile(join(dataDir, 'postgresql.conf'), "include 'walmq.conf'\n");
}

/**
 * Returns initdb's options for the builtin provider: its order and case rules cover all of Unicode and are the same on every
 * machine. Before PostgreSQL 17 it does not exist, and the rules of the locale C cover only ASCII.
 */
function localeProvider(): string[] {
  return embeddedPostgresMajor() < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
}

function settingsFile(settings: Record<string, string | number>): string {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`,
  );
  return `${lines.join('\n')}\n`;
}

async function connectOnce(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  // If the server ends between its reply and the disconnect, the next probe detects this.
  client.on('error', () => {});
  try {
    await client.connect();
  } finally {
    await client.end();
  }
}
