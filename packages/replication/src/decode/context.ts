import { jsonMembers } from '@walmq/change';
import { decodeUtf8 } from './encoding.js';

/** Prefix of the logical message that carries a transaction's context. */
export const CONTEXT_PREFIX = 'walmq.context';

/**
 * Maximum size of a context. Every later change of the transaction carries the context, so larger data belongs in a
 * table.
 */
const MAX_CONTEXT_BYTES = 8192;

/** The context that a transaction sent. */
export interface TransactionContext {
  /** The JSON object exactly as the transaction sent it, so that no digit is lost. */
  readonly json: string;
  /** Fields of W3C Trace Context that the context contains as strings. */
  readonly trace: { readonly traceparent?: string; readonly tracestate?: string };
}

/** Parses a context message. Returns an error with the reason, never with the content, if it is invalid. */
export function readContext(content: Buffer): TransactionContext | Error {
  if (content.length > MAX_CONTEXT_BYTES)
    return new Error(`it has ${content.length} bytes, and ${MAX_CONTEXT_BYTES} are allowed`);
  const json = decodeUtf8(content);
  if (json === undefined) return new Error('it is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return new Error('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Error('it is not a JSON object');
  if (!jsonMembers(json)) return new Error('it has a field twice');
  const { traceparent, tracestate } = value as Record<string, unknown>;
  return {
    json,
    trace: {
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
      ...(typeof tracestate === 'string' ? { tracestate } : {}),
    },
  };
}
