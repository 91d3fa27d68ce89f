import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { writeCommonJs } from './common-js.js';
import { withLua } from './lua-folders.js';
import { manifestOf } from './manifest.js';
import { rangesOf } from './ranges.js';
import { rename } from './specifiers.js';
import { type Form, type Outer, type Place, type Trace, type TracedModule, trace } from './trace.js';
import { type RootManifest, readManifest, type Workspace } from './workspace.js';

export interface AssembleOptions {
  readonly root: string;
  readonly workspace: Workspace;
  readonly workspaces: readonly Workspace[];
  /** Made anew. */
  readonly folder: string;
}

/**
 * Writes a package as a registry serves it: below `lib`, a folder for each workspace with the files that the package's entries
 * need, at the same paths as in the workspace, so that what a program finds beside itself it finds there too.
 */
export function assemble(options: AssembleOptions): void {
  const { root, workspace, workspaces, folder } = options;
  rmSync(folder, { recursive: true, force: true });
  const programs = trace('program', entriesOf('program', workspace), workspaces);
  const declarations = trace('declaration', entriesOf('declaration', workspace), workspaces);
  for (const module of [...programs.modules, ...declarations.modules]) writeModule(module, folder);
  for (const read of new Set(programs.modules.map(module => module.workspace)))
    for (const path of read.manifest.files ?? []) copyRead(read, path, folder);
  if (workspace.manifest.commonJs) writeCommonJs(root, folder);

  const rootManifest = readManifest<RootManifest>(root);
  const given = new Map([
    ...workspaces.map(({ manifest }) => [manifest.name, manifest.version] as const),
    ...Object.entries(rootManifest.devDependencies).filter(([name]) => name.startsWith('@types/')),
  ]);
  const ranges = rangesOf(
    [...programs.outer, ...typesOf(root, declarations), ...declaredBy(workspace, workspaces)],
    given,
  );
  const text = JSON.stringify(manifestOf(workspace, rootManifest, ranges), undefined, 2);
  writeFileSync(join(folder, 'package.json'), `${text}\n`);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const readme = readFileSync(join(workspace.folder, 'REGISTRY.md'), 'utf8');
  writeFileSync(join(folder, 'README.md'), absoluteLinks(readme, rootManifest.homepage));
}

function entriesOf(form: Form, workspace: Workspace): readonly Place[] {
  const { exports = {}, bin = {} } = workspace.manifest;
  const paths =
    form === 'program'
      ? [...Object.values(exports).map(target => target.default), ...Object.values(bin)]
      : Object.values(exports).map(target => target.types);
  return paths.map(path => ({ workspace, path: join(workspace.folder, path) }));
}

/** Where a file of a workspace stands in the package. */
const placeOf = ({ workspace, path }: Place) => join('lib', workspace.id, relative(workspace.folder, path));

const SOURCE_MAP = /^\/\/# sourceMappingURL=.*\n?/m;

function writeModule(module: TracedModule, folder: string): void {
  const place = placeOf(module);
  const renamed = [...module.inner].map(([specifier, target]) => {
    const path = relative(dirname(place), placeOf(target)).replace(/\.d\.ts$/, '.js');
    return [specifier, path.startsWith('.') ? path : `./${path}`] as const;
  });
  const code = withLua(rename(module.code, new Map(renamed)), module.path).replace(SOURCE_MAP, '');
  const file = join(folder, place);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  if (code.startsWith('#!')) chmodSync(file, 0o755);
}

/** Files that are read, not imported: scripts of Redis, templates, styles. */
function copyRead(workspace: Workspace, path: string, folder: string): void {
  const from = join(workspace.folder, path);
  if (path === 'dist' || !existsSync(from)) return;
  cpSync(from, join(folder, placeOf({ workspace, path: from })), { recursive: true });
}

/** What declarations import: a package that has types, or the package in which others have written them. */
function typesOf(root: string, { outer }: Trace): readonly Outer[] {
  return outer.flatMap(each => {
    const types = `@types/${each.name.replace(/^@/, '').replace('/', '__')}`;
    const written = existsSync(join(root, 'node_modules', types));
    return written ? [each, { ...each, name: types }] : [each];
  });
}

/** What the published workspace itself declares: it may look for a file of a package without importing it. */
function declaredBy(workspace: Workspace, workspaces: readonly Workspace[]): readonly Outer[] {
  const ours = new Set(workspaces.map(({ manifest }) => manifest.name));
  return Object.keys(workspace.manifest.dependencies ?? {})
    .filter(name => !ours.has(name))
    .map(name => ({ name, workspace }));
}

/** The page of a registry has no files beside it. */
function absoluteLinks(markdown: string, homepage: string): string {
  const base = `${homepage.replace(/#.*$/, '')}/blob/main/`;
  return markdown.replaceAll(/\]\((?!https?:|#)(?:\.\.\/)*([^)]+)\)/g, (_match, path) => `](${base}${path})`);
}
