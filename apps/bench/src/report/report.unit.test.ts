import { describe, expect, it } from 'vitest';
import { renderChart } from './chart.js';
import { fillPage } from './page.js';
import { REPORT } from './report-fixture.js';
import { tablesOf } from './tables.js';

const PARTS = tablesOf(REPORT);

/** Cells of the rows of a table that begin with these. */
function rows(part: string, ...start: string[]): string[][] {
  return (PARTS.get(part) ?? '')
    .split('\n')
    .map(line =>
      line
        .split('|')
        .slice(1)
        .map(cell => cell.trim()),
    )
    .filter(cells => start.every((text, index) => cells[index] === text));
}

describe('tablesOf', () => {
  it('gives the median, the lowest and the highest rate', () => {
    expect(rows('arrivals', 'one-narrow', 'glue', 'fsync')[0]?.slice(3, 6)).toEqual(['500', '250', '1000']);
  });

  it('leaves a figure that was not taken empty', () => {
    expect(rows('arrivals', 'one-narrow', 'postgres', '')[0]?.slice(3, 8)).toEqual([
      '2000',
      '2000',
      '2000',
      '',
      '',
    ]);
  });

  it('sets walmq beside the others, round by round', () => {
    expect(rows('arrival ratios', 'one-narrow', 'fsync')[0]?.slice(2, 4)).toEqual(['0.50', '1.00']);
    expect(rows('effect ratios', 'once-1', 'fsync')[0]?.slice(2, 4)).toEqual(['5.00', '0.50']);
  });

  it('gives the medians of the percentiles', () => {
    expect(rows('latency', 'latency-noop-100', 'walmq')[0]?.[5]).toBe('2.0 / 10.0 / 20.0');
  });

  it('names who is ahead, also where walmq is not', () => {
    expect(rows('ahead', 'one-narrow')[0]).toEqual(
      expect.arrayContaining(['walmq', '1000', 'glue', '500', '2.00']),
    );
    expect(rows('ahead', 'once-1')[0]?.slice(2)).toEqual(
      expect.arrayContaining(['graphile', 'batch', '5000', '10000', '0.50']),
    );
  });

  it('counts nobody as ahead who did not reach the rate', () => {
    expect(rows('ahead', 'latency-noop-100')[0]?.slice(2, 9)).toEqual([
      'walmq',
      'walmq',
      '2.0',
      'debezium',
      '8.0',
      'ms',
      '4.00',
    ]);
  });

  it('gives the median of all kills', () => {
    expect(rows('recovery', 'recovery-redis', 'walmq')[0]?.slice(2, 5)).toEqual(['200', '300', '3']);
  });
});

describe('fillPage', () => {
  const page =
    'text\n<!-- bench: a -->\nold\n<!-- bench end -->\nmore\n<!-- bench: b -->\nkept\n<!-- bench end -->\n';

  it('replaces the parts that it has, and only them', () => {
    const { text, written } = fillPage(page, new Map([['a', 'new\n']]));
    expect(text).toBe(page.replace('old\n', '\nnew\n\n'));
    expect(written).toEqual(['a']);
  });

  it('refuses a part that has no place', () => {
    expect(() => fillPage(page, new Map([['c', 'lost']]))).toThrow(
      expect.objectContaining({ code: 'BENCH_PAGE' }),
    );
  });
});

describe('renderChart', () => {
  it('draws every result, the largest of a panel longest', () => {
    const svg = renderChart(REPORT);
    const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(match => Number(match[1]));
    expect(bars).toHaveLength(REPORT.arrivals.length + REPORT.effects.length + 2 * REPORT.latency.length);
    expect(bars.slice(0, 3)).toEqual([580, 145, 290]);
    expect(svg).toMatch(/^<svg [^>]+>[\s\S]+<\/svg>\n$/);
  });
});
