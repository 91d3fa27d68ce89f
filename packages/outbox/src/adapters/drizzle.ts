import type { QueryClient } from '../query-client.js';
import { fromPostgresJs, type PostgresJsTransaction } from './postgres-js.js';

/** Drizzle's transaction on node-postgres or postgres.js: the argument of `db.transaction(async tx => ...)`. */
export interface DrizzleTransaction {
  rollback(): never;
}

/** Queries run on the connection of Drizzle's transaction, which Drizzle keeps as `session.client`. */
export function fromDrizzle(tx: DrizzleTransaction): QueryClient {
  const { client } = (tx as unknown as { session: { client: QueryClient | PostgresJsTransaction } }).session;
  return 'unsafe' in client ? fromPostgresJs(client) : client;
}
