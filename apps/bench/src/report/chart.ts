import type { Contender } from '../cases/contenders.js';
import type { Report, ResultOf } from '../cases/measurement.js';
import { median } from '../measure/statistics.js';
import { rateOf } from './tables.js';

interface Bar {
  readonly contender: Contender;
  readonly label: string;
  readonly value: number;
}

interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const COLOURS: Readonly<Record<Contender, string>> = {
  postgres: '#8a94a0',
  redis: '#c9b458',
  glue: '#c8553d',
  walmq: '#2a7f62',
  'walmq-tuned': '#47a384',
  batch: '#1d5c46',
  bullmq: '#d98f4e',
  other: '#5b7db1',
  'other-batch': '#3f5a86',
  debezium: '#8e5ea2',
  'debezium-tuned': '#6d4480',
  graphile: '#b0a18f',
  'graphile-tuned': '#8a7b68',
  'pg-boss': '#7d9aaa',
  outbox: '#a58a9c',
};

const WIDTH = 900;
const LEFT = 210;
const BAR = 16;
const GAP = 14;
const TITLE = 34;

/** The report's medians as horizontal bars: one panel for throughput and one for latency, each with its own scale. */
export function renderChart(report: Report): string {
  const panels = [
    panel('Changes per second to Redis (longer is better)', groups(report.arrivals, rateOf)),
    panel('Changes per second to the end of the handler (longer is better)', groups(report.effects, rateOf)),
    ...(['p50', 'p99'] as const).map(name =>
      panel(
        `Milliseconds from commit to the end of the handler, ${name} (shorter is better)`,
        groups(report.latency, ({ runs }) => median(runs.map(run => run.ended[name]))),
      ),
    ),
  ].filter(({ height }) => height > 0);
  let at = 20;
  const body = panels.map(({ svg, height }) => {
    const placed = `<g transform="translate(0 ${at})">${svg}</g>`;
    at += height + 20;
    return placed;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${at}" viewBox="0 0 ${WIDTH} ${at}" ` +
    `font-family="system-ui, sans-serif" font-size="12">\n` +
    `<rect width="${WIDTH}" height="${at}" fill="#ffffff"/>\n${body.join('\n')}\n</svg>\n`
  );
}

function groups<Run>(results: readonly ResultOf<Run>[], value: (result: ResultOf<Run>) => number): Group[] {
  return [...new Set(results.map(result => result.case))].map(title => ({
    title,
    bars: results
      .filter(result => result.case === title)
      .map(result => ({
        contender: result.contender,
        label: [result.contender, result.durability].filter(Boolean).join(', '),
        value: value(result),
      })),
  }));
}

function panel(title: string, content: readonly Group[]): { svg: string; height: number } {
  if (content.length === 0) return { svg: '', height: 0 };
  const longest = Math.max(...content.flatMap(group => group.bars.map(bar => bar.value)));
  const lines = [text({ x: 20, y: 14, size: 15, weight: 'bold' }, title)];
  let y = TITLE;
  for (const group of content) {
    lines.push(text({ x: 20, y: y + BAR - 4, weight: 'bold' }, group.title));
    for (const bar of group.bars) {
      const length = Math.max(1, (bar.value / longest) * (WIDTH - LEFT - 110));
      lines.push(
        text({ x: LEFT - 8, y: y + BAR - 4, anchor: 'end' }, bar.label),
        `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 3}" fill="${COLOURS[bar.contender]}"/>`,
        text({ x: LEFT + length + 6, y: y + BAR - 4 }, figure(bar.value)),
      );
      y += BAR;
    }
    y += GAP;
  }
  return { svg: lines.join('\n'), height: y };
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-GB') : value.toFixed(2);
}

function text(
  at: { x: number; y: number; size?: number; weight?: string; anchor?: string },
  content: string,
): string {
  const { x, y, size = 12, weight = 'normal', anchor = 'start' } = at;
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="#1d2733">${content}</text>`;
}
