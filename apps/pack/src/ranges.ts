import type { Outer } from './trace.js';

type Versions = Readonly<Record<string, string>>;

export interface Ranges {
  readonly dependencies: Versions;
  readonly peerDependencies: Versions;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: true }>>;
}

/**
 * The version ranges of the imported packages, as the importing workspaces declare them. `given` decides before they do: of
 * packages of this repository, and of those that only hold types. Throws if a package is not declared, or with two ranges.
 */
export function rangesOf(outer: readonly Outer[], given: ReadonlyMap<string, string>): Ranges {
  const dependencies = new Map<string, string>();
  const peers = new Map<string, string>();
  for (const { name, workspace } of outer) {
    const { manifest } = workspace;
    const peer = manifest.peerDependencies?.[name];
    if (peer !== undefined && manifest.peerDependenciesMeta?.[name]?.optional !== true)
      throw new Error(`${manifest.name}: its peer ${name} must be optional`);
    const range = given.get(name) ?? peer ?? manifest.dependencies?.[name];
    if (range === undefined) throw new Error(`${manifest.name} imports ${name} and does not declare it`);
    const other = dependencies.get(name) ?? peers.get(name);
    if (other !== undefined && other !== range)
      throw new Error(`${name} is declared as ${other} and, by ${manifest.name}, as ${range}`);
    (peer === undefined ? dependencies : peers).set(name, range);
  }
  // What some part always needs is there for the others too.
  for (const name of dependencies.keys()) peers.delete(name);
  const peerDependencies = sorted(peers);
  return {
    dependencies: sorted(dependencies),
    peerDependencies,
    peerDependenciesMeta: Object.fromEntries(
      Object.keys(peerDependencies).map(name => [name, { optional: true }]),
    ),
  };
}

function sorted(ranges: ReadonlyMap<string, string>): Versions {
  return Object.fromEntries([...ranges].sort(([a], [b]) => (a < b ? -1 : 1)));
}
