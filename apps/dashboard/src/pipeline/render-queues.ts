import type { PipelineStatus, QueueStatus } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { queueLink } from '../page/links.js';
import type { Viewer } from '../page/viewer.js';
import { count, duration, plural } from './format.js';
import { backlogOf, completedOf, type History } from './history.js';
import { sparkline } from './sparkline.js';

const COLUMNS = [
  'Queue',
  'Waiting',
  'Active',
  'Delayed',
  'Parked',
  'Failed',
  'Oldest',
  'Done /min',
  'Workers',
  'Not done, 15 min',
  'Done /min, 15 min',
] as const;

type Reader = Pick<Viewer, 'identity' | 'basePath'>;

/** Every configured queue, with a link to it in Bull Board. */
export function renderQueues(
  { queues, redis }: PipelineStatus,
  { history, viewer }: { readonly history: History; readonly viewer: Reader },
): Html {
  if (!redis.reachable) return html`<p class="empty">The queues are in Redis, which cannot be reached.</p>`;
  if (queues.length === 0)
    return html`<p class="empty">The configuration names no queue: add a table to walmq.config.ts.</p>`;
  return html`<div class="scroll" role="region" aria-label="Table: Queues" tabindex="0" data-key="queues"><table class="queues">
<thead><tr>${COLUMNS.map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${queues.map(queue => row(queue, history, viewer))}</tbody>
</table></div>`;
}

function row(queue: QueueStatus, history: History, viewer: Reader): Html {
  const { name, waiting, active, delayed, parked, failed, workers } = queue;
  const least = queue.completedPerMinuteIsLeast ? '≥ ' : '';
  const unserved = workers === 0 && waiting > 0;
  return html`<tr>
<th scope="row">${queueLink(viewer, name)}${queue.isPaused && html` <span class="tag">paused</span>`}${queue.pausedKeys.count > 0 && html` <span class="tag">${plural(queue.pausedKeys.count, 'key')} paused</span>`}</th>
<td>${count(waiting)}</td><td>${count(active)}</td><td>${count(delayed)}</td>
<td${parked > 0 && html` class="warning"`}>${count(parked)}</td><td${failed > 0 && html` class="error"`}>${count(failed)}</td>
<td>${duration(queue.oldestSeconds)}</td><td>${least}${count(queue.completedPerMinute)}</td>
<td${unserved && html` class="error"`}>${workers === null ? '–' : count(workers)}</td>
<td>${sparkline(history.series(backlogOf(name)), `${name}: changes not done over the last 15 minutes`)}</td>
<td>${sparkline(history.series(completedOf(name)), `${name}: changes done per minute over the last 15 minutes`)}</td>
</tr>`;
}
