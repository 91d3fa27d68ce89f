import type { JsonSink } from './json-writer.js';

/**
 * Hex digits per chunk: a multiple of six, because six hex digits (three bytes) are four base64 characters without
 * padding.
 */
const CHUNK = 6 * 8192;
const QUOTE = 0x22;

/**
 * Writes a bytea in PostgreSQL's hex form (`\x00ff`) as base64, in chunks, so that a large value needs no further memory.
 */
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
