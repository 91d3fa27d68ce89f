import { existsSync, readFileSync } from 'node:fs';

/** The version in the nearest package.json above a module: `versionBeside(import.meta.url)`. A bundle may have none. */
export function versionBeside(moduleUrl: string): string {
  for (let folder = new URL('.', moduleUrl); ; folder = new URL('..', folder)) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    if (folder.pathname === '/') return 'unknown';
  }
}
