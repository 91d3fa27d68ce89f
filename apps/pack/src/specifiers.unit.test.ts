import { init } from 'es-module-lexer';
import { beforeAll, describe, expect, it } from 'vitest';
import { importsOf, rename, startedBy } from './specifiers.js';

beforeAll(() => init);

const CODE = `#!/usr/bin/env node
import { a } from '@walmq/a';
export * from "@walmq/b";
import './side.js';
// import { no } from '@walmq/comment';
const later = () => import('@walmq/c');
const text = \`import { no } from '@walmq/text';\`;
const url = new URL('./thread.js', import.meta.url);
`;

describe('importsOf', () => {
  it('finds static and dynamic imports, not comments and texts', () => {
    expect(importsOf(CODE).map(({ name }) => name)).toEqual([
      '@walmq/a',
      '@walmq/b',
      './side.js',
      '@walmq/c',
    ]);
  });

  it('reads declarations', () => {
    const declaration = `import type { A } from '@walmq/a';
export declare function f(pool: import("pg").Pool, a: A): void;
export type { B } from './b.js';
`;
    expect(importsOf(declaration).map(({ name }) => name)).toEqual(['@walmq/a', 'pg', './b.js']);
  });
});

it('startedBy finds modules by their URL', () => {
  expect(startedBy(CODE)).toEqual(['./thread.js']);
});

it('rename keeps quotes and everything else', () => {
  const renamed = new Map(
    importsOf(CODE).map(each => [each, each.name.replace('@walmq/', '../much/longer/')]),
  );
  const expected = CODE.replace("'@walmq/a'", "'../much/longer/a'")
    .replace('"@walmq/b"', '"../much/longer/b"')
    .replace("'@walmq/c'", "'../much/longer/c'");
  expect(rename(CODE, renamed)).toBe(expected);
});
