import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const ARCHITECTURE = 'docs/internals/architecture.md';
const WORKSPACES = ['packages', 'apps'].flatMap(parent =>
  readdirSync(join(ROOT, parent))
    .filter(name => existsSync(join(ROOT, parent, name, 'package.json')))
    .map(name => ({ name, folder: `${parent}/${name}` })),
);
/** For the first run, the tests, the benchmark and the soak; nothing that runs in production imports them. */
const NOT_PRODUCT = ['shop', 'embedded', 'testing'];
const FOR_SHOW = [
  'shop',
  'embedded',
  'testing',
  'demo',
  'bench',
  'soak',
  'order-worker',
  'inventory-worker',
  'analytics-worker',
];

/** By workspace, the workspaces it may import: the table of the page on architecture. */
function allowedImports(): Map<string, string[]> {
  const page = readFileSync(join(ROOT, ARCHITECTURE), 'utf8');
  const rows = page.matchAll(/^\| \[([a-z-]+)\]\([^)]+\/README\.md\) \|([a-z, -]*)\|$/gm);
  return new Map(
    [...rows].map(([, name = '', list = '']) => [
      name,
      list
        .split(',')
        .map(each => each.trim())
        .filter(each => each !== ''),
    ]),
  );
}

function manifestOf(folder: string): { name: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
}

/** What the product's own files import of our packages; tests and fixtures may import more. */
function importsOf(folder: string): Set<string> {
  const src = join(ROOT, folder, 'src');
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !/(\.test|-fixture)\.ts$/.test(path))
    .map(path => readFileSync(join(src, path), 'utf8'));
  const imports = sources.flatMap(text => [
    ...text.matchAll(/^(?:import|export|\} from)\b[^;]*?'@walmq\/([a-z-]+)|import\('@walmq\/([a-z-]+)/gm),
  ]);
  return new Set(imports.map(([, stated, called]) => (stated ?? called) as string));
}

describe.each(WORKSPACES)('$folder', ({ name, folder }) => {
  const allowed = allowedImports();

  it('has a README whose links lead somewhere', () => {
    const path = join(ROOT, folder, 'README.md');
    expect(existsSync(path), `${folder}/README.md`).toBe(true);
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n')[0]).toBe(`# ${manifestOf(folder).name}`);
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#\s]+)[^)]*\)/g))
      expect(existsSync(join(dirname(path), target)), `${folder}/README.md: ${target}`).toBe(true);
  });

  it('imports what the page on architecture allows', () => {
    expect([...allowed.keys()], ARCHITECTURE).toContain(name);
    const imports = [...importsOf(folder)].filter(each => each !== name);
    expect(imports.filter(each => !allowed.get(name)?.includes(each))).toEqual([]);
  });

  it('declares what it imports', () => {
    const declared = Object.keys(manifestOf(folder).dependencies ?? {});
    const imports = [...importsOf(folder)].filter(each => each !== name);
    expect(imports.filter(each => !declared.includes(`@walmq/${each}`))).toEqual([]);
  });
});

describe('the table of allowed imports', () => {
  const allowed = allowedImports();

  it('names every workspace, and no other', () => {
    expect([...allowed.keys()].sort()).toEqual(WORKSPACES.map(({ name }) => name).sort());
  });

  it('points one way: each row names only rows above it or shown elsewhere, never in a circle', () => {
    const reaches = (from: string, seen: readonly string[]): boolean =>
      (allowed.get(from) ?? []).some(to => seen.includes(to) || reaches(to, [...seen, to]));
    expect([...allowed.keys()].filter(name => reaches(name, [name]))).toEqual([]);
  });

  it('keeps the shop and the embedded servers out of the product', () => {
    for (const [name, imports] of allowed)
      if (!FOR_SHOW.includes(name))
        expect(
          imports.filter(each => NOT_PRODUCT.includes(each)),
          name,
        ).toEqual([]);
  });

  it('lets replication and fan-out meet in capture alone, but for those who only look', () => {
    expect(allowed.get('replication')).not.toContain('fanout');
    expect(allowed.get('fanout')).not.toContain('replication');
  });
});

describe('CONTRIBUTING.md', () => {
  it('names scripts and files that there are', () => {
    const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const [, script = ''] of text.matchAll(/npm run ([\w:-]+)/g))
      expect(Object.keys(scripts)).toContain(script);
    for (const [path] of text.matchAll(/(?:apps|packages|test)\/[\w/-]+\.(?:ts|js)/g))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});
