import { describe, expect, it } from 'vitest';
import { planCases, planRound } from './plan.js';

describe('planCases', () => {
  it('commits every row in a whole transaction', () => {
    for (const quick of [true, false])
      for (const workload of planCases({ quick, only: [] }))
        if (workload.kind === 'throughput') expect(workload.rows % workload.rowsPerTransaction).toBe(0);
  });

  it('takes only what is named', () => {
    const names = planCases({ quick: false, only: ['wide', 'latency-100'] }).map(({ name }) => name);
    expect(names).toEqual(['single-wide', 'hundred-wide', 'one-wide', 'latency-100']);
  });
});

describe('planRound', () => {
  it('puts the contenders of a durability side by side, PostgreSQL first and once', () => {
    expect(planRound('throughput', ['postgres', 'glue', 'walmq'], ['fsync', 'memory'])).toEqual([
      { contender: 'postgres', durability: null },
      { contender: 'glue', durability: 'fsync' },
      { contender: 'walmq', durability: 'fsync' },
      { contender: 'glue', durability: 'memory' },
      { contender: 'walmq', durability: 'memory' },
    ]);
  });

  it('leaves the ceilings out where there is a handler to reach', () => {
    expect(planRound('latency', ['postgres', 'redis', 'walmq'], ['fsync'])).toEqual([
      { contender: 'walmq', durability: 'fsync' },
    ]);
  });
});
