import { describe, expect, it } from 'vitest';
import { type Backlog, backlogVerdict } from './backlog.js';

const limits = { maxQueueDepth: 100, maxRedisMemoryShare: 0.8 };
const backlog = (depth: number, usedMemoryBytes = 0, maxMemoryBytes = 0): Backlog => ({
  depths: new Map([['orders', depth]]),
  usedMemoryBytes,
  maxMemoryBytes,
});

describe('backlog verdict', () => {
  it.each([
    ['below every limit', backlog(99, 799, 1000), false, undefined],
    ['a queue at its depth', backlog(100), false, /queue "orders" holds 100/],
    ['still paused just below the depth', backlog(95), true, /queue "orders"/],
    ['goes on well below the depth', backlog(89), true, undefined],
    ['Redis at its share of maxmemory', backlog(0, 800, 1000), false, /Redis uses 800 of 1000 bytes/],
    ['still paused just below that share', backlog(0, 730, 1000), true, /Redis uses/],
    ['no maxmemory, no share', backlog(0, 1e12, 0), false, undefined],
  ])('%s', (_name, facts, paused, expected) => {
    const reason = backlogVerdict(facts, limits, paused);
    if (expected === undefined) expect(reason).toBeUndefined();
    else expect(reason).toMatch(expected);
  });
});
