import { WalmqError } from '@walmq/change';
import { readServer } from '@walmq/setup';
import type { Client } from 'pg';

/** SQLSTATE of "permission denied to start WAL sender". */
const NO_PRIVILEGE = '42501';

/** The fault of a stream that could not begin. Where the role may not replicate, its remedy is the step of this server's provider. */
export async function explainDenied(cause: unknown, client: Client): Promise<unknown> {
  if (!(cause instanceof WalmqError) || cause.code !== 'REPLICATION_DENIED') return cause;
  if (cause.facts?.sqlstate !== NO_PRIVILEGE) return cause;
  try {
    const { provider, role } = await readServer(client);
    return new WalmqError(cause.code, cause.message, {
      remedy: provider.grantReplication(role),
      facts: cause.facts,
      cause,
    });
  } catch {
    return cause;
  }
}
