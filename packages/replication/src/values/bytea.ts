import type { JsonSink } from './json-writer.js';

/** Of hex digits: a multiple of what is six digits in hex and four characters in base64. */
const CHUNK = 6 * 8192;
const QUOTE = 0x22;

/** Writes a bytea in PostgreSQL's hex form (`\x00ff`) as base64, a chunk at a time: a large one takes no memory beside. */
export function writeBytea(json: JsonSink, bytes: Buffer, start: number, end: number): void {
  const digitsAt = start + 2;
  json.reserve(Math.ceil((end - digitsAt) / 6) * 4 + 2);
  json.byte(QUOTE);
  for (let at = digitsAt; at < end; at += CHUNK) {
    const digits = bytes.toString('latin1', at, Math.min(at + CHUNK, end));
    json.text(Buffer.from(digits, 'hex').toString('base64'));
  }
  json.byte(QUOTE);
}
