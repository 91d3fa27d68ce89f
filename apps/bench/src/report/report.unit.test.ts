import { describe, expect, it } from 'vitest';
import { renderChart } from './chart.js';
import { REPORT } from './report-fixture.js';
import { renderTables } from './tables.js';

describe('renderTables', () => {
  const rows = renderTables(REPORT)
    .split('\n')
    .map(line => line.split('|').map(cell => cell.trim()));
  const row = (...start: string[]) =>
    rows.filter(cells => start.every((text, index) => cells[index + 1] === text));

  it('gives the median, the lowest and the highest rate', () => {
    expect(row('one-narrow', 'glue', 'fsync')[0]?.slice(4, 7)).toEqual(['500', '250', '1000']);
  });

  it('leaves a figure that was not taken empty', () => {
    expect(row('one-narrow', 'postgres', '')[0]?.slice(4, 9)).toEqual(['2000', '2000', '2000', '', '']);
  });

  it('sets walmq beside the others, round by round', () => {
    expect(row('one-narrow', 'fsync')[0]?.slice(3, 7)).toEqual(['1.00', '', '0.50', '']);
  });

  it('gives the medians of the percentiles', () => {
    expect(row('latency-100', 'walmq', 'fsync')[0]?.slice(4, 7)).toEqual(['2.00', '20.00', '40.00']);
  });
});

describe('renderChart', () => {
  it('draws every result, the largest of a panel longest', () => {
    const svg = renderChart(REPORT);
    const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(match => Number(match[1]));
    expect(bars).toHaveLength(REPORT.throughput.length + 2 * REPORT.latency.length);
    expect(bars.slice(0, 3)).toEqual([580, 145, 290]);
    expect(svg).toMatch(/^<svg [^>]+>[\s\S]+<\/svg>\n$/);
  });
});
