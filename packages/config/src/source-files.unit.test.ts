import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sourceFiles, specifiersIn } from './source-files.js';

it.each([
  ["import { a } from './a.js';", ['./a.js']],
  ["import a, {\n  b,\n} from '../b.js'", ['../b.js']],
  ["export * from './c.js';export { d } from './d.js'", ['./c.js', './d.js']],
  ["import type { T } from './types.js';\nimport { type U, u } from './u.js';", ['./u.js']],
  ["import './effect.js';", ['./effect.js']],
  ["const x = await import('./later.js'); const y = require('./old.cjs');", ['./later.js', './old.cjs']],
  ['const important = \'from\'; const text = "x";', []],
  ['const from = 1; Array.from(items); prefetch.import("./no.js")', []],
])('reads the imports of %j', (text, specifiers) => {
  expect(specifiersIn(text)).toEqual(specifiers);
});

it('follows imports through the files of a project, and into no package', async () => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'walmq-sources-')));
  onTestFinished(() => rm(root, { recursive: true }));
  const files = {
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
    'src/worker.ts': "import { a } from './a.js';\nimport { z } from 'zod';\nimport { b } from '@/b';\n",
    'src/a.ts': "import './worker.js';\nimport rows from './rows.json';\n",
    'src/b.ts': "import { gone } from './gone.js';\n",
    'src/rows.json': '{}',
    'src/other.ts': "import './a.js';\n",
    'node_modules/zod/index.js': "import './more.js';\n",
    'node_modules/zod/package.json': '{ "main": "index.js" }',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const found = await sourceFiles(join(root, 'src/worker.ts'), root);
  expect([...found].map(file => relative(root, file)).sort()).toEqual([
    'src/a.ts',
    'src/b.ts',
    'src/gone.js',
    'src/gone.ts',
    'src/gone/index.ts',
    'src/rows.json',
    'src/worker.ts',
  ]);
});
