import { type Lsn, lsnFromHex, lsnToHex } from './lsn.js';

/**
 * Where a change stands in the stream: the LSN of its transaction's commit record and its number in that
 * transaction, from 1. Number 0 stands before a transaction's first change: `(end LSN of a commit, 0)` is the
 * position after that transaction and before one whose commit record starts on that very byte.
 */
export interface Position {
  readonly lsn: Lsn;
  readonly seq: number;
}

const SEQ_DIGITS = 10;
const TEXT_FORM = /^([0-9A-F]{16})-([0-9]{10})$/;

/** `00000000019F2B40-0000000001`: sorts as the stream does, and is a valid BullMQ job id. */
export function formatPosition(position: Position): string {
  return positionText(lsnToHex(position.lsn), position.seq);
}

/** The same from an LSN already in hex: the hot path formats a transaction's LSN once. */
export function positionText(lsnHex: string, seq: number): string {
  return `${lsnHex}-${String(seq).padStart(SEQ_DIGITS, '0')}`;
}

/** Reads `formatPosition`'s form. Throws RangeError on anything else. */
export function parsePosition(text: string): Position {
  const match = TEXT_FORM.exec(text);
  if (!match) throw new RangeError(`not a position: ${JSON.stringify(text)}`);
  return { lsn: lsnFromHex(match[1] as string), seq: Number(match[2]) };
}

/** Negative when a stands before b, zero when they are the same, positive when a stands after b. */
export function comparePositions(a: Position, b: Position): number {
  if (a.lsn !== b.lsn) return a.lsn < b.lsn ? -1 : 1;
  return a.seq - b.seq;
}
