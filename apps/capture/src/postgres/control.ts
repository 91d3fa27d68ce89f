import { type OpenClient, openClient } from '@walmq/postgres';

/** Everything asked here is a look into the catalog. */
const ANSWER_MS = 30_000;

/** The ordinary connection beside the stream, for what only SQL tells. */
export type Control = OpenClient;

/** Rejects with DATABASE_... and DATABASE_URL_INVALID. */
export async function openControl(databaseUrl: string, deadlineMs: number): Promise<Control> {
  return await openClient({
    url: databaseUrl,
    name: 'walmq capture control',
    answerMs: ANSWER_MS,
    deadlineMs,
    // What it notes is about this server, and must not wait for a standby that is away.
    settings: { synchronous_commit: 'local' },
  });
}
