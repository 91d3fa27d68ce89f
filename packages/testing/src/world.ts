import { Redis } from 'ioredis';
import { Client, Pool, type QueryResultRow } from 'pg';

/** URLs of a world's servers, possibly through a Network of the test. */
export interface ServerUrls {
  readonly postgres: { readonly url: string };
  readonly redis: { readonly url: string };
}

/**
 * A database and a Redis prefix for one test, both named `name`, with a client, a pool and a Redis connection. All three
 * survive the end of their server: the pool and Redis reconnect automatically, the client with `reconnect`.
 */
export class World {
  readonly name: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Connected as the superuser. */
  client: Client;
  readonly pool: Pool;
  readonly redis: Redis;

  private constructor(servers: ServerUrls, name: string) {
    this.name = name;
    this.databaseUrl = Object.assign(new URL(servers.postgres.url), { pathname: `/${name}` }).href;
    this.redisUrl = servers.redis.url;
    this.client = newClient(this.databaseUrl);
    this.pool = new Pool({ connectionString: this.databaseUrl, max: 20 });
    this.pool.on('error', () => undefined);
    this.redis = new Redis(this.redisUrl, { lazyConnect: true, maxRetriesPerRequest: null });
    this.redis.on('error', () => undefined);
  }

  /** `name` must be unique on the servers and valid for a database, a slot and a Redis prefix. */
  static async create(
    servers: ServerUrls,
    name: string,
    options: {
      /** SQL to run in the new database. */
      readonly schema?: string;
      /** Encoding of the database. Default: the server's encoding, UTF8. */
      readonly encoding?: string | undefined;
    } = {},
  ): Promise<World> {
    const admin = new Client(servers.postgres.url);
    await admin.connect();
    const encoding = options.encoding ? await encodingClause(admin, options.encoding) : '';
    await admin.query(`CREATE DATABASE ${name} ${encoding}`).finally(() => admin.end());
    const world = new World(servers, name);
    await Promise.all([world.client.connect(), world.redis.connect()]);
    if (options.schema) await world.client.query(options.schema);
    return world;
  }

  async rows<Row extends QueryResultRow = Record<string, unknown>>(
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, values)).rows;
  }

  /** Replaces the client after the end of its connection. Pass another URL if the database has moved. */
  async reconnect(databaseUrl = this.databaseUrl): Promise<void> {
    this.client = newClient(databaseUrl);
    await this.client.connect();
  }

  /** The database's URL with another role. */
  urlAs(role: string, password: string): string {
    return Object.assign(new URL(this.databaseUrl), { username: role, password }).href;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect();
    await Promise.all([this.client.end(), this.pool.end()]);
  }
}

function newClient(url: string): Client {
  const client = new Client(url);
  client.on('error', () => undefined);
  return client;
}

/** An encoding other than the template's needs template0 and the C locale, which works with every encoding. */
async function encodingClause(admin: Client, encoding: string): Promise<string> {
  const { rows } = await admin.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  const provider = (rows[0]?.version ?? 0) >= 150_000 ? 'LOCALE_PROVIDER libc' : '';
  return `TEMPLATE template0 ENCODING '${encoding}' ${provider} LC_COLLATE 'C' LC_CTYPE 'C'`;
}
