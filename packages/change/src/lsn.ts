declare const lsnBrand: unique symbol;

/** A byte position in the WAL, counted from its beginning (PostgreSQL's pg_lsn: 64 bits, unsigned). */
export type Lsn = bigint & { readonly [lsnBrand]: true };

/** The position before the first byte of any WAL. Stands for an unknown position. */
export const LSN_ZERO = 0n as Lsn;

const MAX = 0xffff_ffff_ffff_ffffn;
const PG_FORM = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/;
const HEX_FORM = /^[0-9A-Fa-f]{16}$/;

/** Converts a bigint to an Lsn. Throws RangeError outside 64 bits. */
export function toLsn(value: bigint): Lsn {
  if (value < 0n || value > MAX) throw new RangeError(`not a 64-bit LSN: ${value}`);
  return value as Lsn;
}

/** Parses PostgreSQL's text form, `16/B374D848`. Throws RangeError on anything else. */
export function parseLsn(text: string): Lsn {
  const match = PG_FORM.exec(text);
  if (!match) throw new RangeError(`not an LSN: ${JSON.stringify(text)}`);
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn;
}

/** PostgreSQL's text form, `16/B374D848`, for people and for SQL. Does not sort as text. */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}

/** 16 upper-case hex digits. The text sorts like the number. */
export function lsnToHex(lsn: Lsn): string {
  return lsn.toString(16).toUpperCase().padStart(16, '0');
}

/** Parses 16 upper-case hex digits. Throws RangeError on anything else. */
export function lsnFromHex(hex: string): Lsn {
  if (!HEX_FORM.test(hex)) throw new RangeError(`not an LSN of 16 hex digits: ${JSON.stringify(hex)}`);
  return BigInt(`0x${hex}`) as Lsn;
}

/** The later of two positions. */
export function maxLsn(a: Lsn, b: Lsn): Lsn {
  return a > b ? a : b;
}
