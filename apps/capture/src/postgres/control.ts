import { type DatabaseUrl, type OpenClient, openClient } from '@walmq/postgres';

/** Every question on this connection is a read of the catalog. */
const ANSWER_MS = 30_000;

/** The ordinary connection beside the stream, for SQL. */
export type Control = OpenClient;

/** Rejects with DATABASE_... and DATABASE_URL_INVALID. */
export async function openControl(databaseUrl: DatabaseUrl, deadlineMs: number): Promise<Control> {
  return await openClient({
    url: databaseUrl,
    name: 'walmq capture control',
    answerMs: ANSWER_MS,
    deadlineMs,
    // Its writes are about this server, and must not wait for a standby that is away.
    settings: { synchronous_commit: 'local' },
  });
}
