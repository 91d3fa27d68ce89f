import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WalmqError } from '@walmq/change';

/** The parts of a package.json that decide what is written. */
export interface Manifest {
  readonly packageManager?: string | undefined;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export const EMPTY_MANIFEST: Manifest = { scripts: {}, dependencies: {}, devDependencies: {} };

/** A folder as init finds it. */
export interface Project {
  readonly folder: string;
  /** Undefined if the folder has no package.json. */
  readonly manifest: Manifest | undefined;
  /** Name of the lockfile here or, in a workspace of a monorepo, in the nearest folder above. */
  readonly lockfile: string | undefined;
  /** Name of the compose file. */
  readonly composeFile: string | undefined;
  /** True if there is a file .env. */
  readonly hasEnvFile: boolean;
  /** Text of tsconfig.json. */
  readonly tsconfig: string | undefined;
}

export const LOCKFILES = ['pnpm-lock.yaml', 'yarn.lock', 'package-lock.json', 'npm-shrinkwrap.json'] as const;
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** Rejects with PROJECT_UNREADABLE if package.json is not valid. */
export async function readProject(folder: string): Promise<Project> {
  const text = await textOf(join(folder, 'package.json'));
  return {
    folder,
    manifest: text === undefined ? undefined : parseManifest(text, join(folder, 'package.json')),
    lockfile: nearestLockfile(folder),
    composeFile: COMPOSE_FILES.find(name => existsSync(join(folder, name))),
    hasEnvFile: existsSync(join(folder, '.env')),
    tsconfig: await textOf(join(folder, 'tsconfig.json')),
  };
}

/** The file's text. Undefined if it does not exist. Rejects with PROJECT_UNREADABLE. */
export async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(file, message, cause);
  }
}

function unreadable(file: string, reason: string, cause: unknown): WalmqError {
  return new WalmqError('PROJECT_UNREADABLE', `${file} cannot be read: ${reason}.`, {
    remedy: 'Correct the file, then run the command again.',
    cause,
  });
}

function parseManifest(text: string, file: string): Manifest {
  try {
    const manifest: unknown = JSON.parse(withoutMark(text));
    if (!isObject(manifest)) throw new Error('it holds no object');
    const { packageManager } = manifest;
    return {
      packageManager: typeof packageManager === 'string' ? packageManager : undefined,
      scripts: textsOf(manifest, 'scripts'),
      dependencies: textsOf(manifest, 'dependencies'),
      devDependencies: textsOf(manifest, 'devDependencies'),
    };
  } catch (cause) {
    throw unreadable(file, (cause as Error).message, cause);
  }
}

function textsOf(manifest: Readonly<Record<string, unknown>>, name: string): Record<string, string> {
  const { [name]: section = {} } = manifest;
  if (isObject(section) && Object.values(section).every(value => typeof value === 'string'))
    return section as Record<string, string>;
  throw new Error(`"${name}" is no object of texts`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Some editors put a byte order mark first, which JSON does not allow. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

function nearestLockfile(folder: string): string | undefined {
  const found = LOCKFILES.find(name => existsSync(join(folder, name)));
  const above = dirname(folder);
  // A repository ends where its .git is: lockfiles above it belong to something else.
  if (found !== undefined || above === folder || existsSync(join(folder, '.git'))) return found;
  return nearestLockfile(above);
}
