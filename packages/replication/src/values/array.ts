import type { JsonSink } from './json-writer.js';

/** How an array's elements are written, and the delimiter between them. */
export interface ArrayElements {
  /** Writes the element whose text is bytes [start, end). */
  readonly write: (json: JsonSink, bytes: Buffer, start: number, end: number) => void;
  /** pg_type.typdelim */
  readonly delimiter: string;
}

const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_JSON = 0x5b;
const CLOSE_JSON = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BOUNDS = 0x5b;
const EQUALS = 0x3d;
const NULL = Buffer.from('NULL');
const NULL_JSON = Buffer.from('null');

/**
 * Writes PostgreSQL's array text (`{1,2,NULL}`, `{{"a b"},{c}}`, `[0:1]={x,y}`), bytes [start, end), as JSON. Drops lower
 * bounds. Uses no recursion and no string per element, because whoever writes the row controls the depth and the number of
 * elements.
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
 */
export function writeArray(
  json: JsonSink,
  { bytes, start, end }: { readonly bytes: Buffer; readonly start: number; readonly end: number },
  elements: ArrayElements,
): void {
  const delimiter = elements.delimiter.charCodeAt(0);
  let at = bytes[start] === BOUNDS ? bytes.indexOf(EQUALS, start) + 1 : start;
  let depth = 0;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte === OPEN) {
      depth++;
      json.byte(OPEN_JSON);
      at++;
    } else if (byte === CLOSE) {
      depth--;
      json.byte(CLOSE_JSON);
      at++;
      if (depth === 0) break;
    } else if (byte === delimiter) {
      json.byte(COMMA);
      at++;
    } else if (byte === QUOTE) at = writeQuoted(json, bytes, at + 1, end, elements);
    else at = writePlain(json, bytes, at, end, elements, delimiter);
  }
  if (depth !== 0) throw new RangeError('array text ends early');
  if (at !== end) throw new RangeError('array text goes on after its end');
}

function writePlain(
  json: JsonSink,
  bytes: Buffer,
  start: number,
  end: number,
  { write }: ArrayElements,
  delimiter: number,
): number {
  let next = start;
  while (next < end && bytes[next] !== delimiter && bytes[next] !== CLOSE) next++;
  if (next - start === NULL.length && bytes.compare(NULL, 0, NULL.length, start, next) === 0)
    json.raw(NULL_JSON);
  else write(json, bytes, start, next);
  return next;
}

/** Starts behind the opening quote. Returns the index behind the closing quote. */
function writeQuoted(
  json: JsonSink,
  bytes: Buffer,
  start: number,
  end: number,
  { write }: ArrayElements,
): number {
  let escapes = 0;
  let next = start;
  for (; next < end && bytes[next] !== QUOTE; next++)
    if (bytes[next] === BACKSLASH) {
      escapes++;
      next++;
    }
  if (next >= end) throw new RangeError('quoted array element ends early');
  if (escapes === 0) write(json, bytes, start, next);
  else {
    const value = Buffer.allocUnsafe(next - start - escapes);
    for (let from = start, to = 0; from < next; from++, to++) {
      if (bytes[from] === BACKSLASH) from++;
      value[to] = bytes[from] as number;
    }
    write(json, value, 0, value.length);
  }
  return next + 1;
}
