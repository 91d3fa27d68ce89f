import { jsonMembers } from '@walmq/change';
import { decodeUtf8 } from './encoding.js';

/** Prefix of the logical message by which a transaction says something of itself. */
export const CONTEXT_PREFIX = 'walmq.context';

/** Every change of the transaction carries it: more than this is data, and belongs into a table. */
const MAX_CONTEXT_BYTES = 8192;

/** What a transaction said of itself. */
export interface TransactionContext {
  /** A JSON object, as it was sent: no digit is lost. */
  readonly json: string;
  /** Of W3C Trace Context, where the transaction gave them. */
  readonly trace: { readonly traceparent?: string; readonly tracestate?: string };
}

/** Reads a context message; an error says why it is not one. The content is never part of it. */
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
