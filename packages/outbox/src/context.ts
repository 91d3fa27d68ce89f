import { type Json, WalmqError } from '@walmq/change';
import { type QueryClient, requireTransaction } from './query-client.js';

/** What a transaction states about itself: who, why, the trace it belongs to, and anything else. */
export interface Context {
  /** Who: a user, a service. */
  readonly actor?: string;
  /** Why: a ticket, a request. */
  readonly reason?: string;
  /** W3C Trace Context: the capture's span becomes its child. */
  readonly traceparent?: string;
  /** W3C Trace Context: the state of the tracing system. */
  readonly tracestate?: string;
  readonly [name: string]: Json | undefined;
}

const MAX_BYTES = 8192;

/**
 * Sets the context of the open transaction: every later change, up to its commit, carries it as
 * `change.context`. A later call replaces it; a rollback, also to an earlier savepoint, removes it. Call it
 * first in the transaction: earlier changes do not carry it. Throws CONTEXT_TOO_LARGE above 8192 bytes.
 */
export async function withContext(client: QueryClient, context: Context): Promise<void> {
  requireTransaction(client);
  const text = JSON.stringify(context);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES)
    throw new WalmqError(
      'CONTEXT_TOO_LARGE',
      `the context has ${bytes} bytes, and ${MAX_BYTES} are allowed.`,
      {
        remedy: 'Every change of the transaction carries it: keep data in a table, and name its row here.',
      },
    );
  await client.query("SELECT pg_logical_emit_message(true, 'walmq.context', $1::text)::text", [text]);
}
