import { describe, expect, it } from 'vitest';
import { checkLines } from '../doctor/print.js';
import { drawStatus } from '../status/draw-status.js';
import { printable } from './printable.js';
import { tableLines } from './table.js';

/** Clears the screen, renames the window, overwrites the line, sets a colour with an 8-bit character, reverses the writing. */
const HOSTILE = 'a\u001b[2J\u001b]0;owned\u0007\r\n\u009b31mb\u202ec';
const COMMANDS = /[\p{Cc}\u202e]/u;

const NOTHING = {
  at: '2026-01-01T10:00:00.000Z',
  slotName: 'walmq',
  captures: [],
  lastActive: null,
  queues: [],
  backfills: [],
  alerts: null,
  others: [],
  checkpoint: null,
  checkpointProblem: null,
  lag: null,
  limits: { maxQueueDepth: 1_000_000, maxRedisMemoryShare: 0.8 },
} as const;

describe('printable', () => {
  it('leaves nothing that a terminal obeys, and every other character', () => {
    expect(printable(HOSTILE)).toBe('a [2J ]0;owned 31mb c');
    expect(printable('größer → ✅ 日本')).toBe('größer → ✅ 日本');
  });

  it('is what the pictures are made of', () => {
    const verdict = {
      code: 'CHANGES_RETRIED',
      severity: 'warning',
      sentence: HOSTILE,
      remedy: HOSTILE,
    } as const;
    const away = { reachable: false, reason: HOSTILE, remedy: HOSTILE } as const;
    const lines = [
      ...drawStatus({ ...NOTHING, database: away, redis: away, verdicts: [verdict] }, false),
      ...checkLines({ check: 'queues', status: 'error', found: HOSTILE, remedy: HOSTILE }, false),
      ...tableLines(['head'], [[HOSTILE]]),
    ];
    expect(lines.filter(line => line.includes('owned'))).toHaveLength(7);
    expect(lines.filter(line => COMMANDS.test(line))).toEqual([]);
  });
});
