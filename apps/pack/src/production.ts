import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { withLua } from './lua-folders.js';
import { type Outer, type Place, trace } from './trace.js';
import { readWorkspaces, type Workspace } from './workspace.js';

/** In the first run, the tests and the benchmark; no program of production imports it. */
const EMBEDDED = '@walmq/embedded';

/**
 * Copies what the programs of production need, to the same places as in the repository: the modules that they import and the
 * files that these read, and the installed packages in the versions of the lock. No tests, no compiler, no embedded servers.
 */
export function copyProduction(root: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const workspaces = readWorkspaces(root);
  const { modules, outer } = trace('program', workspaces.flatMap(entriesOf), workspaces);
  const copy = (path: string) => cpSync(path, join(folder, relative(root, path)), { recursive: true });
  for (const { path, code } of modules) {
    const place = join(folder, relative(root, path));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, withLua(code, path));
  }
  for (const { manifest, folder: from } of new Set(modules.map(({ workspace }) => workspace))) {
    for (const file of ['package.json', ...(manifest.files ?? [])].filter(each => each !== 'dist'))
      copy(join(from, file));
    const link = join(folder, 'node_modules', manifest.name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(folder, relative(root, from))), link);
  }
  const configurations = readdirSync(root).filter(name => /^walmq\..+\.ts$/.test(name));
  for (const name of ['package.json', 'LICENSE', ...configurations]) copy(join(root, name));
  for (const path of installedFor(outer, root))
    cpSync(path, join(folder, relative(root, path)), {
      recursive: true,
      // A package's own packages are copied if it needs them.
      filter: each => each === path || !each.slice(path.length).includes('/node_modules'),
    });
}

/** The programs of a workspace, and what a project may import of it. */
function entriesOf(workspace: Workspace): readonly Place[] {
  const { folder, manifest } = workspace;
  const bin = join(folder, 'bin');
  if (manifest.dependencies?.[EMBEDDED] || manifest.name === '@walmq/pack' || !existsSync(bin)) return [];
  const programs = readdirSync(bin).map(name => join(bin, name));
  const exported = Object.values(manifest.exports ?? {}).map(target => join(folder, target.default));
  return [...programs, ...exported].map(path => ({ workspace, path }));
}

/** The folders of the imported packages, and of all that these need. Optional peers are left out. */
function installedFor(outer: readonly Outer[], root: string): ReadonlySet<string> {
  const folders = new Set<string>();
  const visit = (name: string, from: string) => {
    const folder = installedFolder(name, from, root);
    // An optional package for another platform is not there.
    if (folder === undefined || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) visit(each, folder);
  };
  for (const { name, workspace } of outer)
    if (workspace.manifest.peerDependencies?.[name] === undefined) visit(name, workspace.folder);
  return folders;
}

/** Where Node.js finds a package. */
function installedFolder(name: string, from: string, root: string): string | undefined {
  for (let folder = from; folder.startsWith(root.replace(/\/$/, '')); folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
  }
  return undefined;
}
