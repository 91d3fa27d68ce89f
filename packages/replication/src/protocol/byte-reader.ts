import type { Lsn } from '@walmq/change';

/** Reads the wire's big-endian values one after the other. Reading past the end throws RangeError. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Everything, read or not. */
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

  /** A string that ends with a zero byte. */
  cstring(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new RangeError('unterminated string');
    const value = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  /** Skips that many bytes and returns the offset of the first. */
  skip(length: number): number {
    const start = this.#at;
    this.#at = this.#end(length);
    return start;
  }

  /** A copy: the wire's buffer is used again for what comes next. */
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
