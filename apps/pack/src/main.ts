import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init } from 'es-module-lexer';
import { assemble } from './assemble.js';
import { isPublished, readWorkspaces } from './workspace.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

await init;
const target = resolve(process.argv[2] ?? join(ROOT, '.cache/packages'));
rmSync(target, { recursive: true, force: true });
const workspaces = readWorkspaces(ROOT);
for (const workspace of workspaces.filter(isPublished)) {
  const folder = join(target, workspace.id);
  assemble({ root: ROOT, workspace, workspaces, folder });
  const packed = execFileSync(
    'npm',
    ['pack', folder, '--json', '--pack-destination', target, '--ignore-scripts'],
    {
      cwd: target,
      encoding: 'utf8',
    },
  );
  const [{ filename, size, entryCount }] = JSON.parse(packed) as [
    { filename: string; size: number; entryCount: number },
  ];
  console.log(`${join(target, filename)}  ${entryCount} files, ${Math.ceil(size / 1024)} KiB`);
}
