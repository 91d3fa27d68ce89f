import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an export leads: one file for programs, one for the compiler. */
interface ExportTarget {
  readonly types: string;
  readonly default: string;
}

type Ranges = Readonly<Record<string, string>>;

/** The package.json of a workspace, as far as packages are made of it. */
export interface SourceManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, ExportTarget>>;
  /** Folders and files that its programs read, beside `dist`. */
  readonly files?: readonly string[];
  readonly sideEffects?: boolean;
  /** Whether the package has CommonJS beside its ES modules. */
  readonly commonJs?: boolean;
  readonly dependencies?: Ranges;
  readonly peerDependencies?: Ranges;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  /** Stands in the workspaces that become packages of a registry. */
  readonly publishConfig?: Readonly<Record<string, unknown>>;
}

export interface Workspace {
  /** The name of its folder, in the repository and below `lib` of a package. */
  readonly id: string;
  readonly folder: string;
  readonly manifest: SourceManifest;
}

/** What all packages have in common. */
export interface RootManifest {
  readonly version: string;
  readonly license: string;
  readonly engines: Ranges;
  readonly repository: { readonly type: string; readonly url: string };
  readonly homepage: string;
  readonly bugs: string;
  /** Has the ranges of the packages that only hold types. */
  readonly devDependencies: Ranges;
}

export function readManifest<Manifest>(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

export function readWorkspaces(root: string): readonly Workspace[] {
  return ['packages', 'apps']
    .flatMap(parent => readdirSync(join(root, parent)).map(id => ({ id, folder: join(root, parent, id) })))
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map(({ id, folder }) => ({ id, folder, manifest: readManifest<SourceManifest>(folder) }));
}

export const isPublished = ({ manifest }: Workspace) => manifest.publishConfig !== undefined;
