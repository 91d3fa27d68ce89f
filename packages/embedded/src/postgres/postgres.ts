import { randomBytes } from 'node:crypto';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import pg from 'pg';
import { type Account, serverAccount } from '../server/account.js';
import { run } from '../server/run.js';
import { lastLines, type Server, startServer } from '../server/server.js';
import { makeServerFolder, type ServerFolder } from '../server/server-folder.js';
import { writeOwned } from '../server/write-owned.js';
import { embeddedPostgresMajor, findPostgresBinaries } from './postgres-binaries.js';

export interface EmbeddedPostgres {
  /** Of the superuser `postgres` and the database of that name; the password is new with every start. */
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** Of the postmaster that runs now, or ran last. */
  readonly pid: number;
  /** Fast shutdown (after 5 s: SIGKILL), then the data is removed. */
  stop(): Promise<void>;
  /** Sends the signal and resolves once the postmaster is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts again with the same data on the same port; a running server is stopped first. */
  restart(): Promise<void>;
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
 * A PostgreSQL server of our own on 127.0.0.1, with logical decoding on and fsync as it should be.
 * Throws EMBEDDED_POSTGRES_UNAVAILABLE (no programs for this machine) or EMBEDDED_POSTGRES_FAILED.
 */
export async function startPostgres(
  options: {
    /** Lines of postgresql.conf, over the defaults. */
    settings?: Record<string, string | number>;
    /** Default: a free one. */
    port?: number;
    /** Hears of steps that may take a second or more. */
    onProgress?: (line: string) => void;
  } = {},
): Promise<EmbeddedPostgres> {
  const { settings = {}, onProgress = () => {} } = options;
  const account = serverAccount();
  const { initdb, postgres } = await findPostgresBinaries({ account, onProgress });
  const folder = await makeServerFolder({ name: 'postgres', account, endSignal: 'QUIT' });
  const dataDir = join(folder.path, 'data');
  const password = randomBytes(18).toString('base64url');
  const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;

  let server: Server;
  try {
    onProgress('PostgreSQL: making a new database cluster');
    await initialize({ initdb, dataDir, folder, account, password });
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
      options.port,
    );
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

/** The same on every machine, for all of Unicode. Before PostgreSQL 17 there is none: order and case of ASCII alone. */
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
  // A server that goes away between the reply and the goodbye is found out by the next probe.
  client.on('error', () => {});
  try {
    await client.connect();
  } finally {
    await client.end();
  }
}
