import { toJsonText } from './result-json.js';

/** The only field of an object that stands for a JSON text; no result of a handler has it. */
const AS_TEXT = 'walmq:json';

/**
 * The escapes that JSON.stringify writes and jsonb rejects: U+0000, and half of a surrogate pair. A backslash
 * in the text itself appears twice. https://www.postgresql.org/docs/current/datatype-json.html
 */
const REFUSED_BY_JSONB = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

/** A complete result for a jsonb column, even if jsonb rejects it as it is. Throws RESULT_NOT_JSON. */
export function toColumn(result: unknown): string | null {
  const text = toJsonText(result);
  return text !== null && REFUSED_BY_JSONB.test(text) ? JSON.stringify({ [AS_TEXT]: text }) : text;
}

/** The result that a column holds. */
export function fromColumn<T>(column: unknown): T {
  const kept =
    typeof column === 'object' && column !== null ? (column as Record<string, unknown>)[AS_TEXT] : undefined;
  return (typeof kept === 'string' ? JSON.parse(kept) : column) as T;
}
