import { lsnToHex, type Position, toLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { HistoryProof, markOf, markOfNone } from './prove-history.js';

const PUBLICATION = 'walmq';
const at = (lsn: bigint, seq = 0): Position => ({ lsn: toLsn(lsn), seq });
const begin = (lsn: bigint, xid = Number(lsn)) => ({
  commitLsn: toLsn(lsn),
  lsnHex: lsnToHex(toLsn(lsn)),
  xid,
  committedAt: `2026-01-01T00:00:00.${String(xid).padStart(6, '0')}Z`,
});
const mark = (lsn: bigint, xid?: number) => markOf(begin(lsn, xid), PUBLICATION);

/** A transaction by its commit's LSN, one of another history, or a keepalive. */
type Event = bigint | { readonly other: bigint } | { readonly reached: bigint };

function outcome(
  claimed: { checkpoint: Position; transaction: string | null },
  confirmedFlush: bigint,
  events: readonly Event[],
): string {
  const proof = new HistoryProof({
    claimed: [claimed],
    confirmedFlush: toLsn(confirmedFlush),
    publication: PUBLICATION,
  });
  try {
    for (const event of events) {
      if (typeof event === 'object' && 'reached' in event) proof.reached(toLsn(event.reached));
      else {
        const one = typeof event === 'bigint' ? begin(event) : begin(event.other, Number(event.other) + 1);
        proof.began(one, markOf(one, PUBLICATION));
      }
    }
    return 'same';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('is the stream the one that the checkpoint counts?', () => {
  it.each<[string, Position, string | null, bigint, readonly Event[], 'same' | 'CHECKPOINT_AHEAD']>([
    ['the transaction comes again', at(110n), mark(100n), 50n, [90n, 100n, 110n], 'same'],
    ['... with nothing after it', at(110n), mark(100n), 50n, [100n, { reached: 200n }], 'same'],
    ['the slot is past it', at(110n), mark(100n), 110n, [110n, 120n], 'same'],
    ['the slot is past it, the checkpoint further', at(150n), mark(100n), 110n, [150n], 'same'],
    ['the stream is not there yet', at(110n), mark(100n), 50n, [80n, { reached: 100n }], 'same'],
    ['another one stands in its place', at(110n), mark(100n), 50n, [{ other: 100n }], 'CHECKPOINT_AHEAD'],
    ['... although the slot is past it', at(150n), mark(100n), 110n, [{ other: 100n }], 'CHECKPOINT_AHEAD'],
    ['it does not come', at(110n), mark(100n), 50n, [90n, 130n], 'CHECKPOINT_AHEAD'],
    [
      'it does not come, and nothing else',
      at(110n),
      mark(100n),
      50n,
      [{ reached: 110n }],
      'CHECKPOINT_AHEAD',
    ],
    ['it begins right at the slot', at(110n), mark(100n), 100n, [{ reached: 110n }], 'CHECKPOINT_AHEAD'],
    ['one comes between it and the checkpoint', at(150n), mark(100n), 50n, [100n, 140n], 'CHECKPOINT_AHEAD'],
    ['... although the slot is past it', at(150n), mark(100n), 110n, [140n], 'CHECKPOINT_AHEAD'],
    ['one begins right at the checkpoint', at(150n), mark(100n), 50n, [100n, 150n], 'same'],
    ['the checkpoint is inside it', at(100n, 7), mark(100n), 50n, [100n, 110n], 'same'],
    ['... and another one is there', at(100n, 7), mark(100n), 50n, [{ other: 100n }], 'CHECKPOINT_AHEAD'],
    ['... and nothing is there', at(100n, 7), mark(100n), 50n, [{ reached: 101n }], 'CHECKPOINT_AHEAD'],
    ['none was seen, and none comes', at(150n), markOfNone(PUBLICATION), 50n, [150n], 'same'],
    ['none was seen, and one comes', at(150n), markOfNone(PUBLICATION), 50n, [120n], 'CHECKPOINT_AHEAD'],
    ['a checkpoint of an older version', at(150n), null, 50n, [{ other: 120n }], 'same'],
    ['another publication', at(110n), markOf(begin(100n), 'other'), 50n, [{ other: 100n }, 130n], 'same'],
    ['a mark past a position moved by hand', at(90n), mark(100n), 50n, [{ other: 80n }, 130n], 'same'],
  ])('%s', (_name, checkpoint, transaction, confirmedFlush, events, expected) => {
    expect(outcome({ checkpoint, transaction }, confirmedFlush, events)).toBe(expected);
  });
});
