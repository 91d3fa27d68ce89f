export type PackageManager = 'npm' | 'pnpm' | 'yarn';

export interface Caller {
  readonly manager: PackageManager;
  readonly major: number;
}

/** The package manager that runs this program, by its user agent: `pnpm/10.1.0 npm/? node/v22.1.0`. Otherwise npm. */
export function callerOf(userAgent: string | undefined): Caller {
  const [, manager, major] = /^(npm|pnpm|yarn)\/(\d+)/.exec(userAgent ?? '') ?? [];
  return { manager: (manager ?? 'npm') as PackageManager, major: Number(major ?? 0) };
}

/** Arguments that add one package to the project in the working directory. */
export function addArguments({ manager }: Caller, spec: string): string[] {
  switch (manager) {
    case 'npm':
      return ['install', spec];
    case 'pnpm':
      // A folder within somebody's workspace becomes a project of its own all the same.
      return ['add', '--ignore-workspace', spec];
    case 'yarn':
      return ['add', spec];
  }
}

/** Files that make the folder a project of its own, with a folder node_modules. */
export function ownFiles({ manager, major }: Caller): Readonly<Record<string, string>> {
  return manager === 'yarn' && major > 1
    ? { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' }
    : {};
}
