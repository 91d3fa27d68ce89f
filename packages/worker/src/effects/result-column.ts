import { toJsonText } from './result-json.js';

/** Name of the only field of an object that wraps a JSON text. No handler returns such an object. */
const AS_TEXT = 'walmq:json';

/**
 * Matches the escapes that JSON.stringify writes and jsonb rejects: U+0000, and half of a surrogate pair. A backslash
 * of the text itself is doubled. https://www.postgresql.org/docs/current/datatype-json.html
 */
const REFUSED_BY_JSONB = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** Converts a result for a jsonb column. Wraps a JSON text that jsonb would reject. Throws RESULT_NOT_JSON. */
export function toColumn(result: unknown): string | null {
  const text = toJsonText(result);
  return text !== null && REFUSED_BY_JSONB.test(text) ? JSON.stringify({ [AS_TEXT]: text }) : text;
}

/** Converts the value of a jsonb column back to the result. */
export function fromColumn<T>(column: unknown): T {
  const kept =
    typeof column === 'object' && column !== null ? (column as Record<string, unknown>)[AS_TEXT] : undefined;
  return (typeof kept === 'string' ? JSON.parse(kept) : column) as T;
}
