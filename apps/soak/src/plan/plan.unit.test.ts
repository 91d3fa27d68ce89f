import { describe, expect, it } from 'vitest';
import { transactionOf } from '../load/transaction.js';
import { ACT_KINDS, nameOf } from './acts.js';
import { planRound, queuesOf, seedsOf } from './plan.js';
import { printRound } from './print-round.js';

const SEEDS = seedsOf(1, 500);

describe('a plan', () => {
  it('follows from the seed alone', () => {
    for (const seed of SEEDS.slice(0, 50)) {
      expect(planRound(seed)).toEqual(planRound(seed));
      expect(printRound(planRound(seed))).toContain(`round ${seed}:`);
    }
    expect(seedsOf(1, 10)).toEqual(SEEDS.slice(0, 10));
    expect(new Set(SEEDS).size).toBe(SEEDS.length);
  });

  it('stays within its limits, and serves every queue that it configures', () => {
    for (const round of SEEDS.map(seed => planRound(seed))) {
      const workers = round.processes.flatMap(process => process.workers);
      expect(round.captures).toBeGreaterThanOrEqual(1);
      expect(round.captures).toBeLessThanOrEqual(3);
      expect(workers.length).toBeGreaterThanOrEqual(1);
      expect(workers.length).toBeLessThanOrEqual(8);
      expect(queuesOf(round)).toEqual(expect.arrayContaining(workers.map(({ queue }) => queue)));
      expect([1, 2, 3]).toContain(round.shards);
      for (const { act } of round.steps)
        if ('which' in act)
          expect(act.which).toBeLessThan(act.role === 'capture' ? round.captures : round.processes.length);
    }
  });

  it('draws every kind of act, or only the given ones', () => {
    const drawn = new Set(SEEDS.flatMap(seed => planRound(seed).steps.map(({ act }) => act.kind)));
    expect([...drawn].sort()).toEqual([...new Set(ACT_KINDS)].sort());
    const names = SEEDS.flatMap(seed => planRound(seed, ['kill']).steps.map(({ act }) => nameOf(act)));
    expect(new Set(names)).toEqual(new Set(['kill capture', 'kill worker']));
  });
});

describe('a transaction', () => {
  const load = { writers: 1, paceMs: 1, ddl: true, truncate: true };

  it('follows from seed, writer and number', () => {
    expect(transactionOf(1, load, 0, 1)).toBe(transactionOf(1, load, 0, 1));
    const texts = new Set(Array.from({ length: 200 }, (_, n) => transactionOf(1, load, 0, n)));
    expect(texts.size).toBeGreaterThan(150);
  });

  it('alters and truncates only where the round says so', () => {
    const all = (given: typeof load) =>
      Array.from({ length: 2000 }, (_, n) => transactionOf(1, given, 0, n)).join('\n');
    expect(all(load)).toContain('ALTER TABLE');
    expect(all(load)).toContain('TRUNCATE');
    expect(all({ ...load, ddl: false })).not.toMatch(/ALTER TABLE|CREATE TABLE/);
    expect(all({ ...load, truncate: false })).not.toContain('TRUNCATE');
  });
});
