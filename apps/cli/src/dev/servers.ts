import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WalmqError } from '@walmq/change';
import { redact } from '@walmq/runtime';
import type { Screen } from './screen.js';

/** The servers of a project: its own, or those of @walmq/embedded. */
export interface DevServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Undefined: there is no inbox for mails. */
  readonly smtpUrl: string | undefined;
  readonly inboxUrl: string | undefined;
  readonly ownDatabase: boolean;
  stop(): Promise<void>;
}

export interface GivenUrls {
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly smtpUrl: string | undefined;
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

interface StartOptions {
  readonly keep: string;
  readonly onProgress: (line: string) => void;
}

/** What this command uses of @walmq/embedded, which is a development dependency of the project. */
export interface Embedded {
  startPostgres(options: StartOptions): Promise<Server>;
  startRedis(options: StartOptions): Promise<Server>;
  startInbox(): Promise<{ readonly url: string; readonly smtpUrl: string; stop(): Promise<void> }>;
}

/** Loaded from the project: walmq itself does not depend on it. */
const EMBEDDED = '@walmq/embedded';

export { EMBEDDED };

/**
 * The path of the package in the project. Undefined: it is not installed. Node.js remembers what it has not found, so it is asked
 * only where the package is: it may have been installed since.
 */
export function embeddedPath(root: string): string | undefined {
  if (existsSync(join(root, 'node_modules', EMBEDDED)))
    return createRequire(join(root, 'package.json')).resolve(EMBEDDED);
  return dirname(root) === root ? undefined : embeddedPath(dirname(root));
}

/** Throws EMBEDDED_MISSING. */
export async function loadEmbedded(root: string): Promise<Embedded> {
  const path = embeddedPath(root);
  if (path !== undefined) return (await import(pathToFileURL(path).href)) as Embedded;
  throw new WalmqError('EMBEDDED_MISSING', `${EMBEDDED} is not installed in ${root}.`);
}

/**
 * Starts the servers that no URL names. Their data stay in `folder`. Throws the first failure, after the others have stopped.
 */
export async function startServers(options: {
  readonly given: GivenUrls;
  readonly embedded: Embedded | undefined;
  readonly folder: string;
  readonly screen: Screen;
}): Promise<DevServers> {
  const { given, embedded, folder, screen } = options;
  const start = { keep: folder, onProgress: (line: string) => screen.say('dev', line) };
  if (embedded) await makeFolder(folder);
  const started = await Promise.allSettled([
    given.databaseUrl === undefined ? embedded?.startPostgres(start) : undefined,
    given.redisUrl === undefined ? embedded?.startRedis(start) : undefined,
    given.smtpUrl === undefined ? embedded?.startInbox() : undefined,
  ]);
  const stop = async () => {
    await Promise.all(started.map(one => (one.status === 'fulfilled' ? one.value?.stop() : undefined)));
  };
  const [database, redis, inbox] = started;
  if (database.status === 'rejected' || redis.status === 'rejected' || inbox.status === 'rejected') {
    await stop();
    throw ours(started.find(one => one.status === 'rejected')?.reason);
  }
  return {
    databaseUrl: given.databaseUrl ?? (database.value as Server).url,
    redisUrl: given.redisUrl ?? (redis.value as Server).url,
    smtpUrl: given.smtpUrl ?? inbox.value?.smtpUrl,
    inboxUrl: inbox.value?.url,
    ownDatabase: given.databaseUrl === undefined,
    stop,
  };
}

/** The installed package has its own copy of the class, so the command line would not know the code and the remedy. */
function ours(error: unknown): unknown {
  const { code, message = '', remedy } = Object(error) as Partial<WalmqError>;
  if (error instanceof WalmqError || code === undefined || remedy === undefined) return error;
  return new WalmqError(code, message, { remedy, cause: error });
}

/** The folder ignores itself: a project need not know it. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // The account of the servers enters it.
  await chmod(folder, 0o755);
  await writeFile(join(folder, '.gitignore'), '*\n');
}

/** Writes the addresses for other programs: `node --env-file=.walmq/dev.env app.js`. */
export async function writeAddresses(folder: string, servers: DevServers): Promise<string> {
  await makeFolder(folder);
  const file = join(folder, 'dev.env');
  const lines = [
    `DATABASE_URL=${servers.databaseUrl}`,
    `REDIS_URL=${servers.redisUrl}`,
    ...(servers.smtpUrl === undefined ? [] : [`SMTP_URL=${servers.smtpUrl}`]),
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** What to print about the servers: own ones with their passwords, the user's without. */
export function serverAddresses(
  servers: DevServers,
  file: string,
): (readonly [what: string, where: string])[] {
  const { databaseUrl, ownDatabase, inboxUrl } = servers;
  return [
    ['database', ownDatabase ? `psql ${databaseUrl}` : redact(databaseUrl)],
    ...(inboxUrl === undefined ? [] : [['mail inbox', inboxUrl] as const]),
    ['for your app', `node --env-file=${file}`],
  ];
}
