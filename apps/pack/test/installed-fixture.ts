import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a package manager has put into node_modules. */
export interface Installed {
  /** `name@version`, by the folders of packages. */
  readonly packages: readonly string[];
  /** Paths of all files, from node_modules. */
  readonly files: readonly string[];
  readonly megabytes: number;
}

export function installedIn(project: string): Installed {
  const root = join(project, 'node_modules');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path =>
    statSync(join(root, path)).isFile(),
  );
  const manifests = files.filter(path =>
    /(^|node_modules\/)(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path),
  );
  const packages = manifests.map(path => {
    const { name, version } = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, string>;
    return `${name}@${version}`;
  });
  const bytes = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  return { packages: packages.sort(), files, megabytes: Math.round(bytes / 1e6) };
}

/** Figures of a table of docs/reference/packages.md: `| ... | 85 | 43 MB |`. */
export function figuresOf(
  page: string,
  row: string,
): { readonly packages: number; readonly megabytes: number } {
  if (!existsSync(page)) throw new Error(`${page} is missing`);
  const line = readFileSync(page, 'utf8')
    .split('\n')
    .find(each => each.startsWith(`| ${row} |`));
  const [, packages, megabytes] = /\| (\d+) \| (\d+) MB \|/.exec(line ?? '') ?? [];
  if (packages === undefined) throw new Error(`${page} has no row "${row}" with packages and megabytes`);
  return { packages: Number(packages), megabytes: Number(megabytes) };
}
