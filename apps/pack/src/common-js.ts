import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes the files of `lib` once more as CommonJS, below `cjs`, at the same paths. With their declarations: a compiler takes
 * declarations for those of a CommonJS module if they stand in a folder of that type.
 */
export function writeCommonJs(root: string, folder: string): void {
  const lib = join(folder, 'lib');
  const cjs = join(folder, 'cjs');
  const files = readdirSync(lib, { recursive: true, encoding: 'utf8' });
  const programs = files.filter(file => file.endsWith('.js')).map(file => join(lib, file));
  const options = [
    '--allowJs',
    '--module',
    'commonjs',
    '--moduleResolution',
    'bundler',
    '--target',
    'es2023',
  ];
  const checks = ['--ignoreConfig', '--noResolve', '--noCheck', '--types', ''];
  const places = ['--rootDir', lib, '--outDir', cjs];
  execFileSync(join(root, 'node_modules/.bin/tsc'), [...options, ...checks, ...places, ...programs], {
    cwd: folder,
    stdio: 'inherit',
  });
  for (const file of files.filter(each => each.endsWith('.d.ts'))) cpSync(join(lib, file), join(cjs, file));
  writeFileSync(join(cjs, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
}
