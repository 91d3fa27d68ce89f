import type { PipelineStatus, QueueStatus, WorkedOff } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { queueLink } from '../page/links.js';
import { type Column, type Row, table } from '../page/table.js';
import type { Viewer } from '../page/viewer.js';
import { atLeast, count, duration, plural } from './format.js';
import { backlogOf, completedOf, type History } from './history.js';
import { renderFigures } from './render-figures.js';
import { sparkline } from './sparkline.js';

const COLUMNS: readonly Column[] = [
  {
    id: 'queue',
    name: 'Queue',
    explanation:
      'The queue as walmq.config.ts names it. The link of those who may see rows leads to its jobs.',
  },
  { id: 'waiting', name: 'Waiting', explanation: 'Changes that a worker may take now.' },
  { id: 'active', name: 'Active', explanation: 'Changes that handlers are processing.' },
  {
    id: 'delayed',
    name: 'Delayed',
    explanation:
      'Changes that wait for a time: a retry after a failure, a postponement, or an event with a delay.',
  },
  {
    id: 'parked',
    name: 'Parked',
    explanation:
      'Changes that wait for an earlier change of their key. If that one has failed, they wait until somebody replays or discards it.',
  },
  {
    id: 'failed',
    name: 'Failed',
    explanation: 'Changes that failed for good. Each holds back the later changes of its key.',
  },
  {
    id: 'oldest',
    name: 'Oldest',
    explanation:
      'Time since the commit of the oldest change that is neither done nor failed. With ≥: only the next 1,000 of each state were looked at.',
  },
  {
    id: 'done',
    name: 'Done /min',
    explanation:
      'Changes completed in the last minute, counted by the workers. With ≥: the workers of this queue do not count, and as many are done as completed jobs are kept.',
  },
  {
    id: 'done-in',
    name: 'Done in',
    explanation:
      'Time until waiting, active and parked changes are done, at the pace of the last five minutes, new changes included. With ≥: it may take longer, because parked changes wait for failed ones, or because it is not known yet how many new changes come.',
  },
  {
    id: 'workers',
    name: 'Workers',
    explanation:
      'Worker processes that are connected for this queue. A dash: Redis does not list its clients.',
  },
  {
    id: 'backlog-line',
    name: 'Not done, 15 min',
    explanation: 'Waiting, active, delayed and parked changes, as this dashboard has seen them.',
  },
  { id: 'done-line', name: 'Done /min, 15 min', explanation: 'Changes completed per minute.' },
];

type Reader = Pick<Viewer, 'identity' | 'basePath'>;

/** Every configured queue, with a link to it in Bull Board. */
export function renderQueues(
  { queues, redis }: PipelineStatus,
  { history, viewer }: { readonly history: History; readonly viewer: Reader },
): Html {
  if (!redis.reachable) return html`<p class="empty">The queues are in Redis, which cannot be reached.</p>`;
  if (queues.length === 0)
    return html`<p class="empty">The configuration names no queue: add a table to walmq.config.ts.</p>`;
  return html`${table({
    id: 'queues',
    label: 'Queues',
    className: 'queues',
    columns: COLUMNS,
    rows: queues.map(queue => row(queue, history, viewer)),
  })}
${renderFigures(queues)}`;
}

function row(queue: QueueStatus, history: History, viewer: Reader): Row {
  const { name, waiting, active, delayed, parked, failed, workers } = queue;
  const toned = (content: string, tone: 'error' | 'warning', applies: boolean) =>
    applies ? { content, tone } : content;
  return {
    key: name,
    cells: [
      html`${queueLink(viewer, name)}${queue.isPaused && html` <span class="tag">paused</span>`}${queue.pausedKeys.count > 0 && html` <span class="tag">${plural(queue.pausedKeys.count, 'key')} paused</span>`}`,
      count(waiting),
      count(active),
      count(delayed),
      toned(count(parked), 'warning', parked > 0),
      toned(count(failed), 'error', failed > 0),
      atLeast(queue.oldestIsLeast, duration(queue.oldestSeconds)),
      atLeast(queue.completedPerMinuteIsLeast, count(queue.completedPerMinute)),
      workedOffText(queue.workedOff),
      toned(workers === null ? '–' : count(workers), 'error', workers === 0 && waiting > 0),
      sparkline(history.series(backlogOf(name)), `${name}: changes not done over the last 15 minutes`),
      sparkline(
        queue.figures?.donePerMinute ?? history.series(completedOf(name)),
        `${name}: changes done per minute over the last 15 minutes`,
      ),
    ],
  };
}

function workedOffText({ seconds, isLeast, reason }: WorkedOff): string {
  if (seconds === null) return reason === 'nothing completes' ? 'stands still' : 'grows';
  return seconds === 0 ? '–' : atLeast(isLeast, duration(seconds));
}
