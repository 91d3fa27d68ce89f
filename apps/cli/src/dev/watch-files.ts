import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** An editor writes a file in several steps, and a tool many files. */
const SETTLE_MS = 100;
/** Where the system cannot watch folders. */
const POLL_MS = 1000;

/** A watch that has begun: what is saved from now on counts. */
export interface FileWatch {
  /** Resolves to the first file whose content has changed. Rejects when the signal is aborted. */
  changed(signal: AbortSignal): Promise<string>;
  close(): void;
}

/** Watches files, also such as do not exist yet. A save that leaves the content as it was is no change. */
export async function watchFiles(files: ReadonlySet<string>): Promise<FileWatch> {
  const before = await contents(files);
  let notify = () => {};
  const folders = new Set<string>();
  for (const file of files) folders.add(await nearestFolder(dirname(file)));
  const watchers: FSWatcher[] = [];
  let isPolling = false;
  for (const folder of folders)
    try {
      watchers.push(watch(folder, () => notify()).on('error', () => (isPolling = true)));
    } catch {
      isPolling = true;
    }
  return {
    async changed(signal) {
      for (;;) {
        for (const [file, content] of await contents(files)) if (before.get(file) !== content) return file;
        await new Promise<void>((resolve, reject) => {
          const poll = isPolling ? setTimeout(resolve, POLL_MS) : undefined;
          const aborted = () => {
            clearTimeout(poll);
            reject(signal.reason as Error);
          };
          signal.throwIfAborted();
          signal.addEventListener('abort', aborted, { once: true });
          notify = () => {
            signal.removeEventListener('abort', aborted);
            clearTimeout(poll);
            resolve();
          };
        });
        await delay(SETTLE_MS, undefined, { signal });
      }
    },
    close() {
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function contents(files: ReadonlySet<string>): Promise<Map<string, string>> {
  const hash = async (file: string) => {
    const bytes = await readFile(file).catch(() => undefined);
    return [file, bytes ? createHash('sha1').update(bytes).digest('hex') : ''] as const;
  };
  return new Map(await Promise.all([...files].map(hash)));
}

async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() || dirname(folder) === folder ? folder : await nearestFolder(dirname(folder));
}
