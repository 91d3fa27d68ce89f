import type { Pool } from 'pg';

/**
 * Deletes what was done more than `days` ago from inbox and ledger; resolves to the number of rows. Safe for every
 * age at which no job of a change can run any more: neither retried by hand nor enqueued again after a loss.
 */
export async function pruneInbox(pool: Pool, days: number): Promise<number> {
  const inbox = await pool.query(
    'DELETE FROM walmq.inbox WHERE done_at < now() - make_interval(days => $1)',
    [days],
  );
  const effects = await pool.query(
    'DELETE FROM walmq.effects WHERE done_at < now() - make_interval(days => $1)',
    [days],
  );
  return (inbox.rowCount ?? 0) + (effects.rowCount ?? 0);
}
