import type { ByteReader } from './byte-reader.js';

/** Placeholder for a TOAST value that the change did not touch, so that PostgreSQL did not send it. */
export const UNCHANGED = Symbol('unchanged TOAST');

/** Value of one column in PostgreSQL's text form; null for SQL NULL. */
export type TupleValue = string | null | typeof UNCHANGED;

/** Markers that replace the start offset of a value that has no bytes. */
const NULL_AT = -1;
const UNCHANGED_AT = -2;

/**
 * Values of a row in the order of the relation's columns, kept as the bytes that PostgreSQL sent. Only `value()` makes a
 * string: making one for every value took most of the time that a wide row takes.
 */
export class Tuple {
  /** Buffer that contains the values, and possibly other bytes. It never changes. */
  readonly bytes: Buffer;
  readonly #starts: readonly number[];
  readonly #ends: readonly number[];

  private constructor(bytes: Buffer, starts: readonly number[], ends: readonly number[]) {
    this.bytes = bytes;
    this.#starts = starts;
    this.#ends = ends;
  }

  /** Reads TupleData. Throws RangeError if the bytes end early or a value has an unknown kind. */
  static read(reader: ByteReader): Tuple {
    const count = reader.uint16();
    const starts = new Array<number>(count);
    const ends = new Array<number>(count);
    for (let index = 0; index < count; index++) {
      const kind = reader.uint8();
      // 't': text, 'n': null, 'u': unchanged
      const length = kind === 0x74 ? reader.uint32() : 0;
      const start = kind === 0x74 ? reader.skip(length) : absence(kind);
      starts[index] = start;
      ends[index] = start + length;
    }
    return new Tuple(reader.all, starts, ends);
  }

  /** Makes a tuple from values in PostgreSQL's text form. */
  static of(values: readonly (string | null)[]): Tuple {
    const starts: number[] = [];
    const ends: number[] = [];
    let end = 0;
    for (const value of values) {
      starts.push(value === null ? NULL_AT : end);
      if (value !== null) end += Buffer.byteLength(value);
      ends.push(end);
    }
    return new Tuple(Buffer.from(values.join('')), starts, ends);
  }

  get length(): number {
    return this.#starts.length;
  }

  /** Start offset of the value in `bytes`; negative if the value is null or unchanged. */
  start(index: number): number {
    return this.#starts[index] as number;
  }

  end(index: number): number {
    return this.#ends[index] as number;
  }

  isNull(index: number): boolean {
    return this.#starts[index] === NULL_AT;
  }

  isUnchanged(index: number): boolean {
    return this.#starts[index] === UNCHANGED_AT;
  }

  value(index: number): TupleValue {
    const start = this.start(index);
    if (start >= 0) return this.bytes.toString('utf8', start, this.end(index));
    return start === NULL_AT ? null : UNCHANGED;
  }

  /** Returns true if both tuples have the same value in this column. NULL equals NULL, unchanged equals unchanged. */
  equals(other: Tuple, index: number): boolean {
    const [start, theirs] = [this.start(index), other.start(index)];
    if (start < 0 || theirs < 0) return start === theirs;
    const length = this.end(index) - start;
    if (other.end(index) - theirs !== length) return false;
    // For short values, a loop is faster than a call into native code.
    if (length > 64)
      return this.bytes.compare(other.bytes, theirs, theirs + length, start, start + length) === 0;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== other.bytes[theirs + i]) return false;
    return true;
  }

  /** Returns a tuple with only the values of these columns. The other columns, and nulls, are marked unchanged. */
  only(indexes: readonly number[]): Tuple {
    const kept = new Set(indexes);
    const starts = this.#starts.map((start, index) =>
      kept.has(index) && start !== NULL_AT ? start : UNCHANGED_AT,
    );
    return new Tuple(this.bytes, starts, this.#ends);
  }

  /** Returns a tuple in which the values of `other` replace unchanged values. */
  filledFrom(other: Tuple): Tuple {
    if (!this.#starts.includes(UNCHANGED_AT)) return this;
    const shift = this.bytes.length;
    const takes = (index: number) => this.isUnchanged(index) && other.start(index) >= 0;
    return new Tuple(
      Buffer.concat([this.bytes, other.bytes]),
      this.#starts.map((start, index) => {
        if (takes(index)) return other.start(index) + shift;
        return start === UNCHANGED_AT ? other.start(index) : start;
      }),
      this.#ends.map((end, index) => (takes(index) ? other.end(index) + shift : end)),
    );
  }
}

function absence(kind: number): number {
  if (kind === 0x6e) return NULL_AT;
  if (kind === 0x75) return UNCHANGED_AT;
  throw new RangeError(`a value of kind ${kind} is not known`);
}
