import { expect, it } from 'vitest';
import { fillPage, longText, roundsText } from './page.js';
import { summaryOf } from './summary.js';

const ROUND = {
  seed: 7,
  topology: 'single/single',
  startedAt: '2026-01-02T00:00:00Z',
  ms: 2000,
  changes: 1000,
  jobs: 2000,
  effects: 2000,
  looks: 5,
  acts: ['kill capture'],
  skipped: [],
  recoveries: [{ act: 'kill capture', ms: 1234 }],
  faults: [],
};

it('fills the places of the page that have a part, and no other', () => {
  const page =
    'a\n<!-- soak: rounds -->\nold\n<!-- soak end -->\nb\n<!-- soak: long -->\nold\n<!-- soak end -->\n';
  const text = fillPage(page, new Map([['rounds', 'new']]));
  expect(text).toBe(
    'a\n<!-- soak: rounds -->\n\nnew\n\n<!-- soak end -->\nb\n<!-- soak: long -->\nold\n<!-- soak end -->\n',
  );
  expect(() => fillPage(page, new Map([['other', 'x']]))).toThrow(
    expect.objectContaining({ code: 'SOAK_RESULTS' }),
  );
});

it('says how many rounds failed, and which', () => {
  const rounds = [ROUND, { ...ROUND, seed: 8, faults: ['lost: one'] }];
  const text = roundsText(summaryOf(rounds), rounds);
  expect(text).toContain(
    '2 rounds (2026-01-02 to 2026-01-02): 2 faults and operations, 2,000 committed changes',
  );
  expect(text).toContain('1 rounds failed: 8.');
  expect(text).toContain('| kill capture | 2 | 1,234 | 1,234 | 1,234 |');
  expect(roundsText(summaryOf([ROUND]), [ROUND])).toContain('No round failed.');
});

it('lists what was flat and what remains', () => {
  const text = longText({
    changes: 1_000_000,
    seconds: 600,
    effects: 1_000_000,
    verdicts: [{ name: 'redis keys', flat: true, growth: 0, median: 10, max: 20 }],
    keys: { groups: [{ what: '^meta$', why: 'settings', count: 3 }], unknown: [] },
    samples: [],
    faults: [],
  });
  expect(text).toContain('| redis keys | median 10, at most 20, growth 0 |');
  expect(text).toContain('| `^meta$` | 3 | settings |');
});
