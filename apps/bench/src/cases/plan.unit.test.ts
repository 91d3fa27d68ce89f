import { describe, expect, it } from 'vitest';
import { CONTENDERS } from './contenders.js';
import { planCases, planRound, planRuns } from './plan.js';

const SIZES = ['smoke', 'quick', 'full'] as const;

function namedCase(name: string) {
  const [found] = planCases({ size: 'full', only: [name] });
  if (!found) throw new Error(`no case ${name}`);
  return found;
}

describe('planCases', () => {
  it('commits every row in a whole transaction, and uses no name twice', () => {
    for (const size of SIZES) {
      const cases = planCases({ size, only: [] });
      for (const workload of cases)
        if ('rows' in workload) expect(workload.rows % workload.rowsPerTransaction).toBe(0);
      expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    }
  });

  it.each(SIZES)('has every kind of case in size %s', size => {
    const kinds = new Set(planCases({ size, only: [] }).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['arrival', 'effect', 'latency', 'recovery', 'writer']);
  });

  it('takes only what is named', () => {
    const names = planCases({ size: 'full', only: ['wide', 'noop-100'] }).map(({ name }) => name);
    expect(names).toEqual(['single-wide', 'hundred-wide', 'one-wide', 'latency-noop-100']);
  });
});

describe('planRound', () => {
  it('puts the contenders of a durability side by side, those without Redis first and once', () => {
    const contenders = ['postgres', 'glue', 'walmq', 'batch'] as const;
    expect(planRound(namedCase('single-narrow'), contenders, ['fsync', 'memory'])).toEqual([
      { contender: 'postgres', durability: null },
      { contender: 'glue', durability: 'fsync' },
      { contender: 'walmq', durability: 'fsync' },
      { contender: 'glue', durability: 'memory' },
      { contender: 'walmq', durability: 'memory' },
    ]);
  });

  it('measures effects with fsync alone, and leaves the ceilings out', () => {
    const contenders = ['postgres', 'redis', 'batch', 'graphile'] as const;
    expect(planRound(namedCase('once-1'), contenders, ['fsync', 'memory'])).toEqual([
      { contender: 'graphile', durability: null },
      { contender: 'batch', durability: 'fsync' },
    ]);
  });

  it.each([
    ['once-4', ['glue', 'walmq', 'walmq-tuned', 'batch', 'bullmq', 'other', 'other-batch']],
    ['once-hot', ['glue', 'walmq', 'walmq-tuned', 'batch', 'bullmq', 'other', 'other-batch']],
    ['recovery-capture', ['walmq', 'other', 'debezium']],
    ['recovery-worker', ['walmq', 'other']],
    ['writer', ['postgres', 'walmq', 'graphile', 'pg-boss', 'outbox']],
  ])('leaves out of %s who has no part in it', (name, expected) => {
    const round = planRound(namedCase(name), CONTENDERS, ['fsync']);
    expect(round.map(({ contender }) => contender)).toEqual(expected);
  });
});

describe('planRuns', () => {
  it('goes backwards in every other round', () => {
    const entries = planRound(namedCase('once-1'), ['walmq', 'batch'], ['fsync']);
    const names = planRuns(entries, 3).map(({ contender }) => contender);
    expect(names).toEqual(['walmq', 'batch', 'batch', 'walmq', 'walmq', 'batch']);
  });
});
