import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorEntries, printPage } from '@walmq/change/errors';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const PAGE = 'docs/reference/errors.md';

/** Paths of the repository's own files with one of these endings, relative to its root. */
function files(folders: readonly string[], ending: RegExp): string[] {
  return folders.flatMap(folder =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map(path => join(folder, path))
      .filter(path => ending.test(path) && !/node_modules|[/]dist[/]/.test(path)),
  );
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

const entries = errorEntries();
const codes = new Set<string>(entries.map(({ code }) => code));

describe('the registry of errors', () => {
  it('has each code once', () => {
    expect(entries.map(({ code }) => code).filter((code, index, all) => all.indexOf(code) !== index)).toEqual(
      [],
    );
  });

  it('has a sentence and a remedy for each code', () => {
    for (const { code, meaning, remedy } of entries) {
      expect(meaning, code).toMatch(/^[\S].*\.$/);
      expect(remedy, code).toMatch(/^[\S].*\.$/);
      expect(`${meaning}${remedy}`, code).not.toContain('|');
    }
  });

  it('has no code that nothing uses', () => {
    const sources = files(['apps', 'packages'], /\.ts$/)
      .filter(
        path =>
          !/(\.test|-fixture)\.ts$/.test(path) && !/change\/src\/errors|status\/pipeline-status/.test(path),
      )
      .map(read)
      .join('\n');
    expect([...codes].filter(code => !sources.includes(`'${code}'`))).toEqual([]);
  });
});

describe(PAGE, () => {
  it('is what "npm run errors-page" prints', () => {
    expect(read(PAGE)).toBe(printPage());
  });

  it('has every anchor that programs and alerts refer to', () => {
    const named = [...files(['ops'], /\.yml$/), ...files(['apps', 'packages'], /\.ts$/)]
      .map(read)
      .flatMap(text => [...text.matchAll(/errors\.md#([\w-]+)/g)].map(([, id = '']) => id));
    expect(named.filter(id => id !== 'CODE' && !codes.has(id))).toEqual([]);
  });
});
