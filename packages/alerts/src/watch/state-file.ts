import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AlertState, stateOf } from '@walmq/operations';

/** A copy of the state on this machine, for a restart while Redis is away. A copy that cannot be kept is no fault. */
export class StateFile {
  readonly #path: string | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  async read(): Promise<AlertState> {
    return stateOf(
      this.#path === undefined ? undefined : await readFile(this.#path, 'utf8').catch(() => undefined),
    );
  }

  /** A reader never sees half of it. */
  async write(state: AlertState): Promise<void> {
    if (this.#path === undefined) return;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const unfinished = `${this.#path}.${process.pid}`;
      await writeFile(unfinished, JSON.stringify(state), { mode: 0o600 });
      await rename(unfinished, this.#path);
    } catch {
      // A read-only disk, or another user's folder.
    }
  }
}
