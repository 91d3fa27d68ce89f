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
export function addArguments({ manager, major }: Caller, spec: string): string[] {
  switch (manager) {
    case 'npm':
      return ['install', spec];
    case 'pnpm':
      // A folder within somebody's workspace becomes a project of its own: by its own file, or by this option.
      return needsPnpmFile(major) ? ['add', spec] : ['add', '--ignore-workspace', spec];
    case 'yarn':
      return ['add', spec];
  }
}

/** Files that let the package manager install walmq into a folder node_modules of this project. */
export function ownFiles({ manager, major }: Caller, nodeMajor: number): Readonly<Record<string, string>> {
  if (manager === 'npm') return {};
  if (manager === 'pnpm') return needsPnpmFile(major) ? { 'pnpm-workspace.yaml': PNPM_WITHOUT_BUILDS } : {};
  if (major > 1) return { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' };
  return nodeMajor < FIRST_NODE_OF_ALL ? { '.yarnrc': YARN_1_ON_NODE_20 } : {};
}

/** pnpm 9 refuses such a file that names no packages. */
function needsPnpmFile(major: number): boolean {
  return major >= 11;
}

const PNPM_WITHOUT_BUILDS = `# pnpm 11 and newer end with an error if a build script is not approved. walmq needs none.
strictDepBuilds: false
`;

/** Packages below Fastify ask for this major version of Node.js. */
const FIRST_NODE_OF_ALL = 22;
const YARN_1_ON_NODE_20 = `# Packages below walmq ask for Node.js 22, and run on Node.js 20. Yarn 1 would not install them.
ignore-engines true
`;
