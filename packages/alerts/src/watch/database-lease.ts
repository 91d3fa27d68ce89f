import { createHash } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';

/**
 * An advisory lock of the database, by which watchers agree on who sends while Redis is away. It ends with its connection, so
 * a process that dies or is cut off frees it.
 */
export class DatabaseLease {
  readonly #pool: Pool;
  readonly #key: string;
  #holder: PoolClient | undefined;

  constructor(pool: Pool, name: string) {
    this.#pool = pool;
    this.#key = createHash('sha256').update(`walmq alerts ${name}`).digest().readBigInt64BE().toString();
  }

  /** True if this process holds it now. Rejects if the database cannot be asked. */
  async take(): Promise<boolean> {
    if (this.#holder) {
      try {
        await this.#holder.query('SELECT 1');
        return true;
      } catch {
        this.#drop();
      }
    }
    const client = await this.#pool.connect();
    client.on('error', () => this.#drop());
    try {
      const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
        this.#key,
      ]);
      if (rows[0]?.held) {
        this.#holder = client;
        return true;
      }
      client.release();
      return false;
    } catch (cause) {
      client.release(cause as Error);
      throw cause;
    }
  }

  /** Frees it: the connection ends, and the lock with it. */
  leave(): void {
    this.#drop();
  }

  #drop(): void {
    const holder = this.#holder;
    this.#holder = undefined;
    holder?.release(true);
  }
}
