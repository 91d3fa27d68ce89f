import { readFileSync } from 'node:fs';

/** The version in the package.json beside the folder of a module: `versionBeside(import.meta.url)`. */
export function versionBeside(moduleUrl: string): string {
  const text = readFileSync(new URL('../package.json', moduleUrl), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
