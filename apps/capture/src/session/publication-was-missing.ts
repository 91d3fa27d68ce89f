import { type ErrorCode, WalmqError } from '@walmq/change';
import { publicationWasMissing } from '@walmq/replication';
import { readPublication, readServer } from '@walmq/setup';
import type { Client } from 'pg';

const SAID_BY_THE_STREAM: ReadonlySet<ErrorCode> = new Set([
  'SLOT_OR_PUBLICATION_MISSING',
  'PUBLICATION_MISSING',
]);

export function missesPublication(cause: unknown): cause is WalmqError {
  return cause instanceof WalmqError && SAID_BY_THE_STREAM.has(cause.code);
}

/** The fault of a stream. Where the missing publication exists now, the fault says that a restart does not help. */
export async function explainMissing(cause: unknown, client: Client, publication: string): Promise<unknown> {
  if (!missesPublication(cause)) return cause;
  try {
    const { version } = await readServer(client);
    return (await readPublication(client, publication, version))
      ? publicationWasMissing(publication, cause)
      : cause;
  } catch {
    return cause;
  }
}
