import { isUtf8 } from 'node:buffer';

const FIRST_BYTES = 4096;
/** Largest buffer kept from row to row, in bytes, so that one huge row does not hold its memory forever. */
const KEPT_BYTES = 1 << 20;

/** A buffer larger than this grows by the needed size plus this much; a smaller one doubles. */
const GROWN_BYTES = 1 << 24;
/** The JSON of a text longer than this is measured before the text is written: a byte may take six bytes as JSON. */
const COUNTED_BYTES = 1 << 16;

/**
 * Maximum bytes of a row as JSON. A batch is one command to Redis, of at most 1 GB (client-query-buffer-limit), and
 * contains the row once for every queue that takes the row. The limit also prevents a client from filling capture's
 * memory by inserting a row.
 */
export const MOST_JSON_BYTES = 64 * 1024 * 1024;

/** The JSON would exceed the writer's limit. Thrown before the buffer grows beyond the limit. */
export class JsonTooLarge extends RangeError {}

/** The bytes of a text are not UTF-8. */
export class NotUtf8 extends RangeError {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/** Receives JSON. */
export interface JsonSink {
  /** Writes bytes [start, end), which are JSON already. */
  raw(source: Uint8Array, start?: number, end?: number): void;
  /** Writes bytes [start, end) of text as a JSON string. */
  string(source: Uint8Array, start: number, end: number): void;
  byte(byte: number): void;
  /** Writes JSON text from a string. */
  text(json: string): void;
  /** Makes room for this many more bytes. */
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
    // Nothing is stored.
  }
}

/**
 * Writes JSON from UTF-8 bytes into its own buffer, which is reused for every row. So a value goes from PostgreSQL's
 * bytes to the JSON of its row without a string of its own.
 */
export class JsonWriter implements JsonSink {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** Maximum bytes until the next `take`. */
  #most = MOST_JSON_BYTES;
  readonly #checksText: boolean;
  /** Bitwise OR of all bytes written. Below 128 they are ASCII, which is several times as fast to read. */
  #seen = 0;

  /** `checksText`: set if some bytes are possibly not UTF-8. Default: false. */
  constructor({ checksText = false }: { readonly checksText?: boolean } = {}) {
    this.#checksText = checksText;
  }

  /** Sets the maximum of further bytes until the next `take`. A write beyond the limit throws JsonTooLarge. */
  limit(bytes: number): void {
    this.#most = this.#at + bytes;
  }

  /** Throws JsonTooLarge. */
  reserve(bytes: number): void {
    this.#room(bytes);
  }

  /** Throws NotUtf8 if bytes [start, end) are not UTF-8. Without `checksText` nothing is checked. */
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

  /** Returns everything written since the last `take` or `discard`, and empties the writer. Throws NotUtf8. */
  take(): string {
    if (this.#checksText && this.#seen >= 0x80 && !isUtf8(this.#bytes.subarray(0, this.#at))) {
      this.discard();
      throw new NotUtf8('a text of it is not UTF-8');
    }
    const text = this.#bytes.toString(this.#seen < 0x80 ? 'latin1' : 'utf8', 0, this.#at);
    this.discard();
    return text;
  }

  /** Empties the writer without a result, and resets the limit. */
  discard(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#at = 0;
    this.#seen = 0;
    this.#most = MOST_JSON_BYTES;
  }

  /**
   * Escapes a byte as JSON.stringify does. `left`: the remaining bytes of the text, without escapes, and the closing
   * quote.
   */
  #escape(byte: number, left: number): void {
    const escaped = JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
    const bytes = this.#room(escaped.length + left + 1);
    this.#at += bytes.write(escaped, this.#at, 'latin1');
  }

  /** Returns the buffer with room for this many more bytes. Throws JsonTooLarge. */
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

/** Bytes of a text as JSON, without the quotes. */
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
