const FIRST_BYTES = 4096;
/** What is kept from row to row; one huge row must not hold its memory for ever. */
const KEPT_BYTES = 1 << 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/**
 * Writes JSON from UTF-8 bytes into a buffer of its own, which is used again and again: a value goes from PostgreSQL's
 * bytes to the text of its row without a string of its own.
 */
export class JsonWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;
  /** All bytes so far, or-ed: below 128 they are ASCII, which is read several times as fast. */
  #seen = 0;

  /** Bytes [start, end) that are JSON as they are. */
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

  /** Bytes [start, end) of text, as a JSON string. */
  string(source: Uint8Array, start: number, end: number): void {
    let bytes = this.#room(end - start + 2);
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

  /** JSON text that is at hand as a string. */
  text(json: string): void {
    const bytes = this.#room(json.length * 3);
    const length = bytes.write(json, this.#at, 'utf8');
    this.#at += length;
    if (length !== json.length) this.#seen |= 0x80;
  }

  /** Everything written since the last time. */
  take(): string {
    const text = this.#bytes.toString(this.#seen < 0x80 ? 'latin1' : 'utf8', 0, this.#at);
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.#at = 0;
    this.#seen = 0;
    return text;
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
    if (needed <= this.#bytes.length) return this.#bytes;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
    return grown;
  }
}
