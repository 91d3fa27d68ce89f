import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

/** Endings of a module that an import may mean and that is still to be written. */
const ENDINGS = ['.ts', '.js', '/index.ts'];

/**
 * The file, and every file of the project that it imports, directly or through others. A relative import that leads nowhere
 * counts with the files it may mean. Types alone and packages do not count.
 */
export async function sourceFiles(entry: string, root: string): Promise<Set<string>> {
  const found = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const specifier of specifiersIn(text)) waiting.push(...filesOf(specifier, file, root));
  }
  return found;
}

function filesOf(specifier: string, from: string, root: string): string[] {
  const url = createJiti(from, { tsconfigPaths: true }).esmResolve(specifier, { try: true });
  const isRelative = /^\.\.?\//.test(specifier);
  if (url?.startsWith('file:')) {
    const file = fileURLToPath(url);
    const isOwn = isRelative || file.startsWith(`${root}/`);
    return isOwn && !file.includes('/node_modules/') ? [file] : [];
  }
  if (!isRelative) return [];
  const path = resolve(dirname(from), specifier);
  return [path, ...ENDINGS.map(ending => path.replace(/\.[cm]?js$/, '') + ending)];
}

const FROM = /(?:^|[^\w$.])(?:import|export)\s+(type\s)?[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]/g;
const BARE = /(?:^|[^\w$.])import\s*['"]([^'"]+)['"]/g;
const CALLED = /(?:^|[^\w$.])(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g;

/** What a TypeScript or JavaScript text imports at run time. A comment or text that looks like an import may be among it. */
export function specifiersIn(text: string): string[] {
  return [
    ...[...text.matchAll(FROM)].flatMap(([, typeOnly, name]) => (typeOnly ? [] : [name as string])),
    ...[...text.matchAll(BARE)].map(([, name]) => name as string),
    ...[...text.matchAll(CALLED)].map(([, name]) => name as string),
  ];
}
