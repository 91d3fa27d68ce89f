import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file system of its own for one server, which can be filled up. */
export interface SmallDisk {
  readonly path: string;
  /** Writes until nothing more fits. */
  fill(): Promise<void>;
  /** Removes what `fill` has written. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

const run = promisify(execFile);
const PIECES = [1024 * 1024, 4096, 512];

/** Mounts a file system in memory. Undefined if this process may not mount: it needs root, and a system with tmpfs. */
export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'walmq-soak-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0755`, 'walmq-soak', path]);
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
  const filler = join(path, 'filler');
  return {
    path,
    async fill() {
      const file = await open(filler, 'w');
      for (const size of PIECES) {
        const piece = Buffer.alloc(size);
        try {
          for (;;) await file.write(piece);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
      await file.close();
    },
    empty: () => rm(filler, { force: true }),
    async remove() {
      // A server that has just ended can still hold it for a moment.
      await run('umount', ['-l', path]);
      await rm(path, { recursive: true });
    },
  };
}
