import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
}

/** The version in the nearest package.json above a module. */
export function versionAbove(moduleUrl: string): string {
  const file = new URL('package.json', moduleUrl);
  return existsSync(file) ? readManifest(file).version : versionAbove(new URL('..', moduleUrl).href);
}

/** Path of the program of a package that is installed in the folder. */
export function programOf(folder: string, name: string): string {
  const installed = join(folder, 'node_modules', name);
  return join(installed, readManifest(join(installed, 'package.json')).bin[name] as string);
}

/** The text of a new package.json, named after the folder as npm allows it. */
export function newManifest(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return `${JSON.stringify({ name: name || 'walmq-project', version: '0.0.0', private: true, type: 'module' }, null, 2)}\n`;
}

function readManifest(file: string | URL): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}
