import { expect, it } from 'vitest';
import { quantile, renderSummary, summaryOf } from './summary.js';

const result = (ms: readonly number[], faults: readonly string[] = []) => ({
  seed: 1,
  topology: 'single/single',
  startedAt: '2026-01-01T00:00:00Z',
  ms: 2000,
  changes: 10,
  jobs: 20,
  effects: 20,
  looks: 5,
  acts: ['kill capture'],
  skipped: [],
  recoveries: ms.map(each => ({ act: 'kill capture', ms: each })),
  faults,
});

it('adds the rounds up, and gives the quantiles of each fault', () => {
  const summary = summaryOf([result([30, 10]), result([20], ['lost: one'])]);
  expect(summary).toMatchObject({
    rounds: 2,
    failed: 1,
    acts: 2,
    changes: 20,
    seconds: 4,
    recovery: [{ act: 'kill capture', count: 3, p50: 20, p99: 30, max: 30 }],
  });
  expect(renderSummary(summary)).toContain('2 rounds in 4 s, 1 failed');
});

it.each([
  [[], 0.5, 0],
  [[7], 0.99, 7],
  [[1, 2], 0.5, 1],
  [[1, 2, 3, 4], 0.99, 4],
])('takes the nearest rank of %j', (sorted, share, value) => {
  expect(quantile(sorted, share)).toBe(value);
});
