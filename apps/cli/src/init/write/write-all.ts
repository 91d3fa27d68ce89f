import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WalmqError } from '@walmq/change';
import type { PlannedFile } from '../plan/plan-writes.js';

/** Steps that take back what was done, in the order of what was done. */
type Undo = (() => Promise<unknown>)[];

/**
 * Writes all files, or none: after a failure, everything is as it was. Rejects with PROJECT_NOT_WRITABLE.
 * A file that somebody has created or changed since the plan was made is a failure too.
 */
export async function writeAll(folder: string, files: readonly PlannedFile[]): Promise<void> {
  const undo: Undo = [];
  try {
    for (const { path, before, text } of files) {
      const file = join(folder, path);
      await makeFolder(dirname(file), undo);
      if (before === undefined) await create(file, text, undo);
      else await replace(file, { before, text }, undo);
    }
  } catch (cause) {
    for (const step of undo.reverse()) await step();
    const { message } = cause as Error;
    throw new WalmqError('PROJECT_NOT_WRITABLE', `the files could not be written: ${message}.`, {
      remedy: 'Nothing was changed. Remove the cause, then run the command again.',
      cause,
    });
  }
}

async function makeFolder(folder: string, undo: Undo): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder), undo);
  await mkdir(folder);
  undo.push(() => rmdir(folder));
}

async function create(file: string, text: string, undo: Undo): Promise<void> {
  const handle = await open(file, 'wx');
  // From here the file is ours: also a half-written one is removed.
  undo.push(() => rm(file, { force: true }));
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
}

/** Writes beside the file and renames, so that no reader sees half of it. */
async function replace(
  file: string,
  { before, text }: { readonly before: string; readonly text: string },
  undo: Undo,
): Promise<void> {
  if ((await readFile(file, 'utf8')) !== before) throw new Error(`${file} has changed meanwhile`);
  const beside = `${file}.walmq-init`;
  undo.push(() => rm(beside, { force: true }));
  const { mode } = await stat(file);
  await writeFile(beside, text, { mode });
  await rename(beside, file);
  undo.push(() => writeFile(file, before));
}
