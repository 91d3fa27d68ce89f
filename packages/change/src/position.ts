import { type Lsn, lsnFromHex, lsnToHex } from './lsn.js';

/**
 * Position of a change in the stream: the LSN of its transaction's commit record, and its number in that transaction,
 * counted from 1. Number 0 is the position before a transaction's first change. So `(end LSN of a commit, 0)` is the
 * position after that transaction and before a transaction whose commit record starts at exactly that byte.
 */
export interface Position {
  readonly lsn: Lsn;
  readonly seq: number;
}

const SEQ_DIGITS = 10;
const TEXT_FORM = /^([0-9A-F]{16})-([0-9]{10})$/;

/** `00000000019F2B40-0000000001`: sorts like the stream, and is a valid BullMQ job id. */
export function formatPosition(position: Position): string {
  return positionText(lsnToHex(position.lsn), position.seq);
}

/** The form of `formatPosition` from an LSN in hex. The hot path formats a transaction's LSN only once. */
export function positionText(lsnHex: string, seq: number): string {
  // Most transactions are short. Padding makes two more strings.
  if (seq < 10) return `${lsnHex}-000000000${seq}`;
  return `${lsnHex}-${String(seq).padStart(SEQ_DIGITS, '0')}`;
}

/** Parses the form of `formatPosition`. Throws RangeError on anything else. */
export function parsePosition(text: string): Position {
  const match = TEXT_FORM.exec(text);
  if (!match) throw new RangeError(`not a position: ${JSON.stringify(text)}`);
  return { lsn: lsnFromHex(match[1] as string), seq: Number(match[2]) };
}

/** Negative if a is before b, zero if they are equal, positive if a is after b. */
export function comparePositions(a: Position, b: Position): number {
  if (a.lsn !== b.lsn) return a.lsn < b.lsn ? -1 : 1;
  return a.seq - b.seq;
}
