import { Client, type QueryResultRow } from 'pg';

/** A connection of the soak's own to the round's database. A query that fails drops it, and the next one connects again. */
export class Connection {
  readonly #url: () => string;
  #client: Client | undefined;

  /** `url` is asked at each connect: a failover changes it. */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** Resolves to the rows. Rejects if the server does not answer within some seconds. */
  async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      this.#client ??= await connect(this.#url());
      const { rows } = await this.#client.query<Row>(sql, [...values]);
      return rows;
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Does not wait: a server that is stopped would never confirm the end. */
  end(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
  }
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 1000, query_timeout: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
  return client;
}
