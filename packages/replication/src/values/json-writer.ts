import { isUtf8 } from 'node:buffer';

const FIRST_BYTES = 4096;
/** What is kept from row to row; one huge row must not hold its memory for ever. */
const KEPT_BYTES = 1 << 20;

/** A buffer larger than this grows by the needed size plus this much; a smaller one doubles. */
const GROWN_BYTES = 1 << 24;
/** A text of more is counted before it is written: each of its bytes may need six. */
const COUNTED_BYTES = 1 << 16;

/**
 * What a row may take as JSON. A batch goes to Redis as one command, of at most 1 GB (client-query-buffer-limit), with the
 * row once for every queue that takes it; and whoever may insert a row must not be able to fill our memory with it.
 */
export const MOST_JSON_BYTES = 64 * 1024 * 1024;

/** The text would be larger than it may be: nothing of it was written. */
export class JsonTooLarge extends RangeError {}

/** Bytes that were to be text, and are not UTF-8. */
export class NotUtf8 extends RangeError {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/** Where JSON goes. */
export interface JsonSink {
  /** Bytes [start, end) that are JSON as they are. */
  raw(source: Uint8Array, start?: number, end?: number): void;
  /** Bytes [start, end) of text, as a JSON string. */
  string(source: Uint8Array, start: number, end: number): void;
  byte(byte: number): void;
  /** JSON text that is at hand as a string. */
  text(json: string): void;
  /** Makes room for as many bytes. */
  reserve(bytes: number): void;
}

/** Counts the bytes of the JSON without storing them. */
export class JsonCounter implements JsonSink {
  #length = 0;

  get length(): number {
    return this.#length;
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    this.#length += end - start;
  }

  string(source: Uint8Array, start: number, end: number): void {
    this.#length += escapedLength(source, start, end) + 2;
  }

  byte(): void {
    this.#length += 1;
  }

  text(json: string): void {
    this.#length += Buffer.byteLength(json);
  }

  reserve(): void {
    // It keeps nothing.
  }
}

/**
 * Writes JSON from UTF-8 bytes into a buffer of its own, which is used again and again: a value goes from PostgreSQL's
 * bytes to the text of its row without a string of its own.
 */
export class JsonWriter implements JsonSink {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** What may still be written until `take`. */
  #most = MOST_JSON_BYTES;
  readonly #checksText: boolean;
  /** All bytes so far, or-ed: below 128 they are ASCII, which is read several times as fast. */
  #seen = 0;

  /** `checksText`: set if the bytes may be invalid UTF-8. */
  constructor({ checksText = false }: { readonly checksText?: boolean } = {}) {
    this.#checksText = checksText;
  }

  /** How much may be written until the next `take`, and no more: JsonTooLarge is thrown ahead of it. */
  limit(bytes: number): void {
    this.#most = bytes;
  }

  /** Throws JsonTooLarge. */
  reserve(bytes: number): void {
    this.#room(bytes);
  }

  /** Throws NotUtf8 where bytes [start, end) are not, and may be. */
  check(source: Buffer, start: number, end: number): void {
    if (this.#checksText && !isUtf8(source.subarray(start, end))) throw new NotUtf8('it is not UTF-8');
  }

  raw(source: Uint8Array, start = 0, end = source.length): void {
    const bytes = this.#room(end - start);
    let at = this.#at;
    let seen = this.#seen;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      seen |= byte;
      bytes[at++] = byte;
    }
    this.#at = at;
    this.#seen = seen;
  }

  string(source: Uint8Array, start: number, end: number): void {
    let bytes = this.#room(
      (end - start > COUNTED_BYTES ? escapedLength(source, start, end) : end - start) + 2,
    );
    let seen = this.#seen;
    bytes[this.#at++] = QUOTE;
    let at = this.#at;
    for (let i = start; i < end; i++) {
      const byte = source[i] as number;
      if (byte < FIRST_PRINTABLE || byte === QUOTE || byte === BACKSLASH) {
        this.#at = at;
        this.#escape(byte, end - i);
        bytes = this.#bytes;
        at = this.#at;
        continue;
      }
      seen |= byte;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.#at = at;
    this.#seen = seen;
  }

  byte(byte: number): void {
    this.#room(1)[this.#at++] = byte;
  }

  text(json: string): void {
    const bytes = this.#room(json.length > COUNTED_BYTES ? Buffer.byteLength(json) : json.length * 3);
    const length = bytes.write(json, this.#at, 'utf8');
    this.#at += length;
    if (length !== json.length) this.#seen |= 0x80;
  }

  /** Everything written since the last time. Throws NotUtf8. */
  take(): string {
    if (this.#checksText && this.#seen >= 0x80 && !isUtf8(this.#bytes.subarray(0, this.#at))) {
      this.discard();
      throw new NotUtf8('a text of it is not UTF-8');
    }
    const text = this.#bytes.toString(this.#seen < 0x80 ? 'latin1' : 'utf8', 0, this.#at);
    this.discard();
    return text;
  }

  /** Forgets what was written since the last time. */
  discard(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#at = 0;
    this.#seen = 0;
    this.#most = MOST_JSON_BYTES;
  }

  /** As JSON.stringify escapes it. `left`: bytes still to be written as they are, and the quote behind them. */
  #escape(byte: number, left: number): void {
    const escaped = JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
    const bytes = this.#room(escaped.length + left + 1);
    this.#at += bytes.write(escaped, this.#at, 'latin1');
  }

  /** The buffer, with room for as many bytes more. */
  #room(more: number): Buffer {
    const needed = this.#at + more;
    if (needed > this.#most) throw new JsonTooLarge(`its JSON takes more than ${this.#most} bytes`);
    if (needed <= this.#bytes.length) return this.#bytes;
    const roomy = Math.min(this.#bytes.length * 2, needed + GROWN_BYTES);
    const grown = Buffer.allocUnsafe(Math.max(needed, roomy));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
    return grown;
  }
}

/** How many bytes a text takes as JSON, without its quotes. */
function escapedLength(source: Uint8Array, start: number, end: number): number {
  let length = end - start;
  for (let i = start; i < end; i++) {
    const byte = source[i] as number;
    if (byte < FIRST_PRINTABLE) length += SHORT_ESCAPES.has(byte) ? 1 : 5;
    else if (byte === QUOTE || byte === BACKSLASH) length += 1;
  }
  return length;
}

/** \b, \t, \n, \f, \r */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);
