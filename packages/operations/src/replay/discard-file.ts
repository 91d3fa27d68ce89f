import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WalmqError } from '@walmq/change';

/** Where discarded changes are kept: a new file of JSON lines. */
export interface DiscardFile {
  readonly path: string;
  /** Resolves when the lines are on the disk. */
  readonly write: (lines: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Creates the file, readable by its owner only, and its folder if there is none. Rejects with
 * DISCARD_NOT_WRITABLE, also if a file of that name exists.
 */
export async function createDiscardFile(path: string): Promise<DiscardFile> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // The file holds rows: nobody else may read it, and it never replaces another file.
    const file = await open(path, 'wx', 0o600);
    return {
      path,
      async write(lines) {
        await file.writeFile(lines.map(line => `${line}\n`).join(''));
        await file.sync();
      },
      close: () => file.close(),
    };
  } catch (cause) {
    throw new WalmqError('DISCARD_NOT_WRITABLE', `nothing was discarded: ${(cause as Error).message}.`, {
      remedy: 'Name a new file, in a folder that this process may write to.',
      cause,
    });
  }
}
