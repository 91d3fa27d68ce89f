import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { insertRows } from './table-shape.js';

const CONNECTIONS = 8;
const TICK_MS = 1;

/** Commits single-row transactions by the clock, whether or not earlier ones have returned. */
export class SteadyWriter {
  readonly #clients: readonly Client[];
  #nextId = 1;

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
  }

  static async connect(databaseUrl: string): Promise<SteadyWriter> {
    const clients = Array.from({ length: CONNECTIONS }, () => new Client(databaseUrl));
    await Promise.all(clients.map(client => client.connect()));
    return new SteadyWriter(clients);
  }

  /** Resolves to the rate it reached, once all are committed. */
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
    await Promise.all(this.#clients.map(client => client.end()));
  }

  async #commit(id: number): Promise<void> {
    const client = this.#clients[id % this.#clients.length] as Client;
    await client.query({ name: 'insert', text: insertRows('narrow', '$1', '$1'), values: [id] });
  }
}
