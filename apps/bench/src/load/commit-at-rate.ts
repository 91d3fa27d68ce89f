import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { insertRows } from '../cases/table-shape.js';

const CONNECTIONS = 8;
const TICK_MS = 1;

/** Commits single-row transactions at fixed times, even if earlier commits have not returned. */
export class SteadyWriter {
  readonly #pool: Pool;
  #nextId = 1;

  constructor(databaseUrl: string) {
    this.#pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS });
    // A server that is killed ends the idle connections.
    this.#pool.on('error', () => {});
  }

  /** Id of the next row. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Writes until the signal is aborted. A transaction that fails is not repeated. */
  async writeUntil(stopping: AbortSignal, changesPerSecond: number): Promise<void> {
    const startMs = performance.now();
    const open = new Set<Promise<void>>();
    for (let count = 0; !stopping.aborted; await sleep(TICK_MS))
      for (; count < ((performance.now() - startMs) / 1000) * changesPerSecond; count++) {
        const commit = this.#commit(this.#nextId++).catch(() => {});
        open.add(commit);
        void commit.finally(() => open.delete(commit));
      }
    await Promise.all(open);
  }

  /** Resolves to the reached rate once all transactions are committed. */
  async write(count: number, changesPerSecond: number): Promise<number> {
    const startMs = performance.now();
    const commits: Promise<unknown>[] = [];
    while (commits.length < count) {
      const due = Math.min(count, ((performance.now() - startMs) / 1000) * changesPerSecond);
      while (commits.length < due) commits.push(this.#commit(this.#nextId++));
      await sleep(TICK_MS);
    }
    await Promise.all(commits);
    return count / ((performance.now() - startMs) / 1000);
  }

  async end(): Promise<void> {
    await this.#pool.end();
  }

  async #commit(id: number): Promise<void> {
    await this.#pool.query({ name: 'insert', text: insertRows('narrow', '$1', '$1'), values: [id] });
  }
}
