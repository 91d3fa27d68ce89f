import type { Ranges } from './ranges.js';
import type { RootManifest, Workspace } from './workspace.js';

/** Programs that do something when they are imported; a bundler must keep them. */
const PROGRAMS = './lib/*/{bin,dist/main}*';

/** The package.json of a published package. `ranges`: of what its files import. */
export function manifestOf(workspace: Workspace, root: RootManifest, ranges: Ranges): object {
  const { manifest, id } = workspace;
  const { name, version, description, keywords, bin = {}, exports = {}, publishConfig } = manifest;
  const placed = (path: string, form: 'lib' | 'cjs' = 'lib') =>
    `./${form}/${id}/${path.replace(/^\.\//, '')}`;
  const targets = (form: 'lib' | 'cjs') =>
    Object.entries(exports).map(
      ([subpath, target]) =>
        [subpath, { types: placed(target.types, form), default: placed(target.default, form) }] as const,
    );
  const esm = targets('lib');
  const cjs = new Map(manifest.commonJs ? targets('cjs') : []);
  const entries = esm.map(([subpath, target]) => {
    const other = cjs.get(subpath);
    return [subpath, other ? { import: target, require: other } : target] as const;
  });
  // For compilers and tools that do not know "exports": they know little of ES modules either.
  const old = cjs.size > 0 ? [...cjs] : esm;
  const main = old.find(([subpath]) => subpath === '.')?.[1];
  const others = old.filter(([subpath]) => subpath !== '.');
  return compact({
    name,
    version,
    description,
    keywords,
    license: root.license,
    repository: root.repository,
    homepage: root.homepage,
    bugs: root.bugs,
    engines: root.engines,
    type: 'module',
    bin: compact(
      Object.fromEntries(Object.entries(bin).map(([command, path]) => [command, placed(path).slice(2)])),
    ),
    main: main?.default,
    types: main?.types,
    typesVersions:
      others.length > 0
        ? { '*': Object.fromEntries(others.map(([subpath, { types }]) => [subpath.slice(2), [types]])) }
        : undefined,
    exports: entries.length > 0 ? { ...Object.fromEntries(entries), './package.json': './package.json' } : {},
    files: cjs.size > 0 ? ['lib', 'cjs'] : ['lib'],
    sideEffects: manifest.sideEffects ?? [PROGRAMS],
    ...ranges,
    publishConfig,
  });
}

/** Without what is undefined or empty. */
function compact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== undefined &&
        !(typeof value === 'object' && value !== null && Object.keys(value).length === 0),
    ),
  );
}
