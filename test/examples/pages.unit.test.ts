import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = 'docs/examples';
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => `docs/${name}`),
];
/** Those whose main example is run. */
const WITH_EXAMPLES = [
  'README.md',
  'docs/guides/workers.md',
  'docs/guides/context.md',
  'docs/guides/outbox.md',
  'docs/guides/types.md',
  'docs/guides/replay.md',
  'docs/guides/webhooks.md',
  'docs/guides/audit.md',
  'docs/guides/analytics.md',
  'docs/guides/backfill.md',
  'docs/guides/shape.md',
  'docs/guides/rewind.md',
  'docs/guides/testing.md',
  'docs/guides/other-languages.md',
];
/** Needed to run the others; no page shows them. */
const UNSHOWN = ['schema.sql', 'src/mailer.ts', 'src/walmq-tables.ts'];

interface Block {
  readonly file: string;
  readonly text: string;
}

/** A fenced block says after its language which example it shows: the whole file, or a part of it. */
function blocksOf(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const fences = text.matchAll(/^( *)```\w+ docs\/examples\/(\S+)\n([\s\S]*?)^\1```$/gm);
  return [...fences].map(([, indent = '', file = '', body = '']) => ({
    file,
    text: withoutIndent(body, indent.length),
  }));
}

function withoutIndent(text: string, columns: number): string {
  return text
    .split('\n')
    .map(line => line.slice(Math.min(columns, line.length - line.trimStart().length)).trimEnd())
    .join('\n');
}

/** A part is shown without the indent that it has in the file. */
function holds(file: string, part: string): boolean {
  const source = readFileSync(join(ROOT, FOLDER, file), 'utf8');
  return [0, 2, 4, 6].some(columns => withoutIndent(source, columns).includes(part));
}

describe('the examples on the pages', () => {
  it.each(PAGES)('%s shows examples, as they are', page => {
    const blocks = blocksOf(page);
    if (WITH_EXAMPLES.includes(page)) expect(blocks.length).toBeGreaterThan(0);
    for (const { file, text } of blocks) expect(holds(file, text), `${page}: ${file}`).toBe(true);
  });

  it('leave no file unshown', () => {
    const files = readdirSync(join(ROOT, FOLDER), { recursive: true, encoding: 'utf8' });
    const shown = new Set(PAGES.flatMap(blocksOf).map(({ file }) => file));
    const unshown = files.filter(file => /\.\w+$/.test(file) && !shown.has(file));
    expect(unshown.sort()).toEqual(UNSHOWN);
  });
});

describe('the pages', () => {
  it.each(PAGES)('%s links to what there is', page => {
    const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
    for (const [, path = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const target = path === '' ? join(ROOT, page) : join(ROOT, dirname(page), path);
      expect(existsSync(target), `${page}: ${path}`).toBe(true);
      if (anchor && target.endsWith('.md')) expect(anchorsOf(target), `${page}: ${path}`).toContain(anchor);
    }
  });
});

/** As GitHub makes them of headings, and those that are written out. */
function anchorsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...text.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id)];
}
