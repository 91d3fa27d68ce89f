import { parsePosition } from '@walmq/change';

/** Larger than any change's number in its transaction, which has at most 10 decimal digits. */
const SEQ_BITS = 40n;

/** A position as ReplacingMergeTree's version: a UInt128 in decimal. */
export function versionOf(position: string): string {
  const { lsn, seq } = parsePosition(position);
  return String((lsn << SEQ_BITS) + BigInt(seq));
}
