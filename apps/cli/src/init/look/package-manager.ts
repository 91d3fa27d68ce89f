import type { Project } from './project.js';

export const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn'] as const;

export type PackageManager = (typeof PACKAGE_MANAGERS)[number];

const BY_LOCKFILE: Readonly<Record<string, PackageManager>> = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'package-lock.json': 'npm',
  'npm-shrinkwrap.json': 'npm',
};

/**
 * The project's package manager: what package.json states, else the lockfile, else the program that runs this command
 * (`npm_config_user_agent`), else npm.
 */
export function packageManagerOf(
  { manifest, lockfile }: Pick<Project, 'manifest' | 'lockfile'>,
  userAgent: string | undefined,
): PackageManager {
  return (
    known(/^(\w+)@/.exec(manifest?.packageManager ?? '')?.[1]) ??
    (lockfile === undefined ? undefined : BY_LOCKFILE[lockfile]) ??
    known(/^(\w+)\//.exec(userAgent ?? '')?.[1]) ??
    'npm'
  );
}

function known(name: string | undefined): PackageManager | undefined {
  return PACKAGE_MANAGERS.find(each => each === name);
}

/** The command line that runs a script of package.json. */
export function runScript(manager: PackageManager, script: string): string {
  return manager === 'npm' ? `npm run ${script}` : `${manager} ${script}`;
}

/** The command line that runs a program of an installed package. */
export function runBinary(manager: PackageManager, command: string): string {
  return manager === 'npm'
    ? `npx ${command}`
    : manager === 'pnpm'
      ? `pnpm exec ${command}`
      : `yarn ${command}`;
}
