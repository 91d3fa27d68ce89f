import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Every module of a published package that a program may import: `{ name: 'walmq/sinks/audit', folder, types }`. What no
 * entry point exports is internal.
 */
export function entryPoints() {
  return readdirSync(join(ROOT, 'packages')).flatMap(workspace => {
    const folder = join(ROOT, 'packages', workspace);
    const { name, exports, publishConfig } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (publishConfig === undefined) return [];
    return Object.entries(exports ?? {})
      .filter(([, { types }]) => types !== undefined)
      .map(([path, { types }]) => ({ name: `${name}${path.slice(1)}`, folder, types: join(folder, types) }));
  });
}

/** The entry point's name as the name of a file: `walmq-sinks-audit`, `outbox-prisma`. */
export function fileNameOf({ name }) {
  return name.replace('@walmq/', '').replaceAll('/', '-');
}

/** Of the compiler that both tools bring along: the project's own has no API for programs yet. */
export const COMPILER_OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'es2024.string'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  noEmit: true,
};
