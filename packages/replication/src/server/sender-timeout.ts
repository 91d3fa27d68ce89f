import type { ClientBase } from 'pg';

/** PostgreSQL's own default, for a server where the time-out is switched off. */
const DEFAULT_MS = 60_000;

/**
 * Milliseconds of silence after which the server takes a replication connection for lost: the same holds for us,
 * so that both sides give it up together and the slot is free when we come back.
 */
export async function readSenderTimeoutMs(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    "SELECT setting::int AS ms FROM pg_settings WHERE name = 'wal_sender_timeout'",
  );
  return rows[0]?.ms || DEFAULT_MS;
}
