import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { importsOf, type Specifier, startedBy } from './specifiers.js';
import type { Workspace } from './workspace.js';

/** A file of a workspace that a package needs. */
export interface TracedModule {
  readonly workspace: Workspace;
  readonly path: string;
  readonly code: string;
  /** Imports of another workspace's file, by what they import. */
  readonly inner: ReadonlyMap<Specifier, Place>;
}

/** A file, and the workspace in which it stands. */
export interface Place {
  readonly workspace: Workspace;
  readonly path: string;
}

/** A package from elsewhere that a workspace imports. */
export interface Outer {
  readonly name: string;
  readonly workspace: Workspace;
}

export interface Trace {
  readonly modules: readonly TracedModule[];
  readonly outer: readonly Outer[];
}

/** Programs are traced apart from declarations: few declarations can be reached from what is public. */
export type Form = 'program' | 'declaration';

/** Every file that the entries need, directly or through others, and the packages from elsewhere that these import. */
export function trace(form: Form, entries: readonly Place[], workspaces: readonly Workspace[]): Trace {
  const byName = new Map(workspaces.map(workspace => [workspace.manifest.name, workspace]));
  const modules = new Map<string, TracedModule>();
  const outer = new Map<string, Outer>();
  const waiting = [...entries];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { workspace, path } = next;
    if (modules.has(path)) continue;
    const code = readFileSync(path, 'utf8');
    const inner = new Map<Specifier, Place>();
    for (const specifier of importsOf(code)) {
      const { name } = specifier;
      if (isBuiltin(name)) continue;
      if (name.startsWith('.')) {
        waiting.push({ workspace, path: fileOf(form, join(dirname(path), name)) });
        continue;
      }
      const packageName = packageOf(name);
      const owner = byName.get(packageName);
      if (owner === undefined || workspace.manifest.peerDependencies?.[packageName] !== undefined) {
        outer.set(`${workspace.id} ${packageName}`, { name: packageName, workspace });
        continue;
      }
      const place = { workspace: owner, path: exported(form, owner, name) };
      inner.set(specifier, place);
      waiting.push(place);
    }
    if (form === 'program')
      for (const started of startedBy(code)) {
        const file = join(dirname(path), started);
        if (file.startsWith(workspace.folder) && existsSync(file)) waiting.push({ workspace, path: file });
      }
    modules.set(path, { workspace, path, code, inner });
  }
  return { modules: [...modules.values()], outer: [...outer.values()] };
}

/** The file of a relative import. */
function fileOf(form: Form, path: string): string {
  return form === 'declaration' ? path.replace(/\.js$/, '.d.ts') : path;
}

/** The file of `@walmq/sinks/audit`, as the manifest of the workspace exports it. */
function exported(form: Form, { manifest, folder }: Workspace, specifier: string): string {
  const target = manifest.exports?.[`.${specifier.slice(manifest.name.length)}`];
  if (target === undefined) throw new Error(`${manifest.name} does not export ${specifier}`);
  return join(folder, form === 'declaration' ? target.types : target.default);
}

/** `@walmq/sinks` of `@walmq/sinks/audit`, `pg` of `pg/lib/x.js`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
