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
