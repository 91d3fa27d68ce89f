import type { Percentiles, QueueFiguresStatus, QueueStatus, WindowFigures } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { type Column, type Row, table } from '../page/table.js';
import { count, duration, plural } from './format.js';

const COLUMNS: readonly Column[] = [
  {
    id: 'over',
    name: 'Queue, over',
    explanation: 'Over the last 60 minutes and the last 24 hours, the present minute and hour included.',
  },
  {
    id: 'done',
    name: 'Done',
    explanation: 'Changes that the workers have completed, all processes together.',
  },
  { id: 'failed', name: 'Failed', explanation: 'Changes that failed for good.' },
  { id: 'retried', name: 'Retried', explanation: 'Tries that failed and were to be repeated.' },
  {
    id: 'latency-p50',
    name: 'Commit to effect p50',
    explanation:
      'Half of the changes were done within this time of their commit. It runs from the commit, by the clock of PostgreSQL, to the end of the handler, by the clock of the worker.',
  },
  {
    id: 'latency-p95',
    name: 'p95',
    explanation: '95 % of the changes were done within this time of their commit.',
  },
  {
    id: 'latency-p99',
    name: 'p99',
    explanation: '99 % of the changes were done within this time of their commit.',
  },
  {
    id: 'handler-p50',
    name: 'Handler p50',
    explanation: 'Half of the handlers took no longer. In batches, a change also waits for its batch.',
  },
  { id: 'handler-p95', name: 'p95', explanation: '95 % of the handlers took no longer.' },
  { id: 'handler-p99', name: 'p99', explanation: '99 % of the handlers took no longer.' },
];

/** What the workers counted over the last hour and day, two rows per queue. */
export function renderFigures(queues: readonly QueueStatus[]): Html {
  const known = queues.flatMap(({ name, figures }) => (figures === null ? [] : [{ name, figures }]));
  const unknown = queues.filter(({ figures }) => figures === null).map(({ name }) => name);
  return html`${known.length > 0 && figuresTable(known)}
${unknown.length > 0 && html`<p class="hint">Figures are not known of: ${unknown.join(', ')}. Workers of walmq count from their first change on. Other workers do not count.</p>`}`;
}

function figuresTable(
  queues: readonly { readonly name: string; readonly figures: QueueFiguresStatus }[],
): Html {
  const shown = table({
    id: 'figures',
    label: 'Figures of queues',
    caption: 'Last hour and last day',
    columns: COLUMNS,
    rows: queues.flatMap(({ name, figures: { lastHour, lastDay } }) => [
      row(`${name}, hour`, lastHour),
      row(`${name}, day`, lastDay),
    ]),
  });
  return html`${shown}${queues.map(({ name, figures }) => clockHint(name, figures.lastHour))}`;
}

function clockHint(name: string, { doneBeforeCommit }: WindowFigures): Html {
  if (doneBeforeCommit === 0) return html``;
  return html`<p class="hint">${name}: ${plural(doneBeforeCommit, 'change')} of the last hour ended before the commit, by the clocks. The clocks of PostgreSQL and of a worker differ, and the times from commit to effect are wrong by as much.</p>`;
}

function row(key: string, { done, failed, retried, latency, duration: took }: WindowFigures): Row {
  return {
    key,
    cells: [key, count(done), count(failed), count(retried), ...times(latency), ...times(took)],
  };
}

function times(percentiles: Percentiles | null): string[] {
  const { p50, p95, p99 } = percentiles ?? { p50: null, p95: null, p99: null };
  return [p50, p95, p99].map(duration);
}
