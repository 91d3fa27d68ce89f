import { describe, expect, it } from 'vitest';
import { html } from '../html.js';
import { bytes, count, duration, plural } from './format.js';
import { History, STEP_MS, STEPS } from './history.js';
import { pathOf } from './sparkline.js';

describe('figures', () => {
  it.each([
    [bytes(null), '–'],
    [bytes(0), '0 B'],
    [bytes(1023), '1023 B'],
    [bytes(1024), '1.0 KiB'],
    [bytes(15 * 1024), '15 KiB'],
    [bytes(3.5 * 2 ** 30), '3.5 GiB'],
    [duration(null), '–'],
    [duration(0), '0 s'],
    [duration(0.25), '250 ms'],
    [duration(99), '99 s'],
    [duration(600), '10 min'],
    [duration(36_000), '10 h'],
    [duration(864_000), '10 d'],
    [count(0.25), '0.3'],
    [count(12.4), '12'],
    [count(1234567), '1,234,567'],
    [plural(1, 'job'), '1 job'],
    [plural(0, 'job'), '0 jobs'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

describe('the history', () => {
  it('keeps fifteen minutes, the newest sample of each step, gaps as gaps', () => {
    const history = new History();
    const start = 1_000_000 * STEP_MS;
    history.add(start, { a: 1 });
    history.add(start + 1, { a: 2 });
    history.add(start + 2 * STEP_MS, { a: 3 });
    expect(history.series('a').slice(-3)).toEqual([2, null, 3]);
    expect(history.series('b').every(value => value === null)).toBe(true);
    history.add(start + STEPS * STEP_MS, { a: 4 });
    expect(history.series('a')).toHaveLength(STEPS);
    expect(history.series('a').filter(value => value !== null)).toEqual([3, 4]);
  });
});

describe('a sparkline', () => {
  it('starts anew after a gap, and stays within its box', () => {
    expect(pathOf([0, 10, null, 5], 10)).toBe('M0 27L40 1M120 14');
  });
});

describe('markup', () => {
  it('escapes whatever is not markup itself', () => {
    expect(
      html`<i title="${`"'`}">${'<&>'}${html`<b>${1}</b>`}${[html`x`, html`y`]}${undefined}${false}</i>`
        .markup,
    ).toBe('<i title="&quot;&#39;">&lt;&amp;&gt;<b>1</b>xy</i>');
  });
});
