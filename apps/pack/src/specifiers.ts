import { parse } from 'es-module-lexer';

/** A module that a file names, and the place of the name between its quotes. */
export interface Specifier {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** `new URL('./worker.js', import.meta.url)`: how programs name a module that another process or thread runs. */
const MODULE_URL = /new URL\(\s*['"](\.[^'"]+\.js)['"],\s*import\.meta\.url\s*,?\s*\)/g;

/** What a module imports, statically or by `import('...')`. Reads declarations (.d.ts) too. */
export function importsOf(code: string): readonly Specifier[] {
  // The lexer passes over what only TypeScript has. A blank of the same length keeps the places.
  const [imports] = parse(code.replaceAll(/^export type (?=[{*])/gm, 'export      '));
  return imports.flatMap(({ n: name, s, e, d }) => {
    if (name === undefined) return [];
    // For a dynamic import the lexer's place includes the quotes.
    const dynamic = d > -1;
    return [{ name, start: dynamic ? s + 1 : s, end: dynamic ? e - 1 : e }];
  });
}

/** The modules that a module starts by their URL. */
export function startedBy(code: string): readonly string[] {
  return [...code.matchAll(MODULE_URL)].map(([, path]) => path as string);
}

/** The code with other names in the place of the specifiers. */
export function rename(code: string, renamed: ReadonlyMap<Specifier, string>): string {
  return [...renamed]
    .sort(([a], [b]) => b.start - a.start)
    .reduce((text, [{ start, end }, name]) => text.slice(0, start) + name + text.slice(end), code);
}
