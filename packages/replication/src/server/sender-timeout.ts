import type { ClientBase } from 'pg';

/** Milliseconds; PostgreSQL's default, used if the server's time-out is switched off. */
const DEFAULT_MS = 60_000;

/**
 * Returns the milliseconds of silence after which the server closes a replication connection. Capture uses the same time-out,
 * so that both sides give up the connection together and the slot is free when capture connects again.
 */
export async function readSenderTimeoutMs(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    "SELECT setting::int AS ms FROM pg_settings WHERE name = 'wal_sender_timeout'",
  );
  return rows[0]?.ms || DEFAULT_MS;
}
