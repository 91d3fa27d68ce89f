import type { Lsn } from '@walmq/change';

/** Reads the big-endian values of a message one after the other. Throws RangeError past the end of the message. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** All bytes of the message, read or unread. */
  get all(): Buffer {
    return this.#bytes;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  uint16(): number {
    const value = this.#bytes.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  lsn(): Lsn {
    const value = this.#bytes.readBigUInt64BE(this.#at);
    this.#at += 8;
    return value as Lsn;
  }

  int64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  /** Reads a UTF-8 string that ends with a zero byte. */
  cstring(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new RangeError('unterminated string');
    const value = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  /** Skips `length` bytes and returns the offset of the first of them. */
  skip(length: number): number {
    const start = this.#at;
    this.#at = this.#end(length);
    return start;
  }

  /** Reads `length` bytes into a copy, because the socket's buffer is reused for the next message. */
  bytes(length: number): Buffer {
    const end = this.#end(length);
    const value = Buffer.from(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    return value;
  }

  #end(length: number): number {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('value reaches past the end of its message');
    return end;
  }
}
