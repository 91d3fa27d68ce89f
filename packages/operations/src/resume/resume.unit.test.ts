import { type Position, toLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { resumeVerdict } from './resume.js';

const at = (lsn: bigint, seq = 0): Position => ({ lsn: toLsn(lsn), seq });

describe('where the stream goes on', () => {
  it.each([
    ['never started: begins at the slot', null, 100n, 100n, 200n, 'begin'],
    ['checkpoint at the slot', at(100n), 100n, 100n, 200n, 'resume'],
    ['checkpoint past the slot', at(150n, 3), 100n, 50n, 200n, 'resume'],
    ['checkpoint gone after acknowledgements', null, 100n, 50n, 200n, 'REDIS_LOST_CHANGES'],
    ['checkpoint behind the slot', at(99n, 7), 100n, 50n, 200n, 'REDIS_LOST_CHANGES'],
    ['checkpoint past the end of the WAL', at(201n), 100n, 50n, 200n, 'CHECKPOINT_AHEAD'],
    ['checkpoint where the timelines part', at(150n), 100n, 50n, 200n, 'resume', 150n],
    ['checkpoint in a transaction past that', at(150n, 1), 100n, 50n, 200n, 'CHECKPOINT_AHEAD', 150n],
    ['checkpoint past where the timelines part', at(151n), 100n, 50n, 200n, 'CHECKPOINT_AHEAD', 150n],
  ])('%s', (_name, checkpoint, confirmedFlush, firstLsn, walEnd, expected, divergedAt?: bigint) => {
    const verdict = resumeVerdict({
      checkpoint,
      confirmedFlush: toLsn(confirmedFlush),
      firstLsn: toLsn(firstLsn),
      walEnd: toLsn(walEnd),
      divergedAt: divergedAt === undefined ? undefined : toLsn(divergedAt),
    });
    expect(verdict.verdict === 'refuse' ? verdict.error.code : verdict.verdict).toBe(expected);
  });

  it.each([
    ['the slot was made after the checkpoint', at(150n), { slotReplaced: true }, 'CHECKPOINT_AHEAD'],
    ['the slot was made at the checkpoint', at(100n), { slotReplaced: true }, 'resume'],
    [
      'this checkpoint was refused before',
      at(150n, 3),
      { refusal: { checkpoint: '0000000000000096-0000000003', reason: 'why' } },
      'CHECKPOINT_AHEAD',
    ],
    [
      'another one was refused before',
      at(150n, 4),
      { refusal: { checkpoint: '0000000000000096-0000000003', reason: 'why' } },
      'resume',
    ],
  ])('%s', (_name, checkpoint, more, expected) => {
    const facts = { checkpoint, confirmedFlush: toLsn(100n), firstLsn: toLsn(50n), walEnd: toLsn(200n) };
    const verdict = resumeVerdict({ ...facts, ...more });
    expect(verdict.verdict === 'refuse' ? verdict.error.code : verdict.verdict).toBe(expected);
  });

  it('says which range may be missing and what to run', () => {
    const verdict = resumeVerdict({
      checkpoint: at(0x1_0000_0000n),
      confirmedFlush: toLsn(0x1_0000_00ffn),
      firstLsn: toLsn(1n),
      walEnd: toLsn(0x2_0000_0000n),
    });
    if (verdict.verdict !== 'refuse') throw new Error('not refused');
    expect(verdict.error.sentence).toMatch(/between 1\/0 and 1\/FF/);
    expect(verdict.error.sentence).toMatch(/walmq accept-loss/);
  });
});
