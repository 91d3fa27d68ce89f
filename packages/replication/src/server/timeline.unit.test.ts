import { formatLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { divergenceIn } from './timeline.js';

describe('where a history left a timeline', () => {
  const history =
    '1\t0/5000158\tno recovery target specified\n\n2\t1/6E000028\tbefore 2026-03-01 12:00:00.000000+00\n';

  it.each([
    ['the first ancestor', 1, '0/5000158'],
    ['the last ancestor', 2, '1/6E000028'],
    ['a timeline that is none of its ancestors', 3, '0/0'],
  ])('%s', (_name, timeline, expected) => {
    expect(formatLsn(divergenceIn(history, timeline))).toBe(expected);
  });
});
