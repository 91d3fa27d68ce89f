import { normalTableName, tableName } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import { isLogQueue, type QueueEntry, type Trace, type TracedChange } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { actionButton } from '../page/action.js';
import { pathWith } from '../page/links.js';
import type { Viewer } from '../page/viewer.js';
import type { RowActions } from '../row/actions.js';

/** States in which a change may be corrected: no worker has it, and it has not run. */
const CORRECTABLE: ReadonlySet<string> = new Set(['failed', 'waiting', 'delayed', 'parked']);

/** The buttons of a row's page. The page draws them for operators only, and the guard refuses the others. */
export function rowActions({ queues }: Pick<WalmqConfig, 'queues'>): RowActions {
  return { ofEntry, ofRow: (_viewer, trace) => ofRow(Object.values(queues), trace) };
}

function ofEntry({ basePath }: Viewer, { id }: TracedChange, { queue, state, job }: QueueEntry): Html {
  if (!job || !CORRECTABLE.has(state)) return html``;
  const body = { queue, job: job.id };
  const correct =
    !isLogQueue(queue) &&
    html`<a href="${pathWith(`${basePath}/mend/correct`, body)}" data-key="correct ${queue} ${id}">Correct…</a>`;
  if (state !== 'failed') return html`${correct}`;
  const what = `the change ${id} in queue ${queue}`;
  return html`${actionButton({ path: '/mend/replay', body, text: 'Replay', label: `Replay ${what}` })} ${actionButton({ path: '/mend/discard', body, text: 'Discard', label: `Discard ${what}`, tone: 'discard' })} ${correct}`;
}

/** Pause and resume of the row in each queue that takes it. */
function ofRow(taking: readonly QueueConfig[], { query, title }: Trace): Html {
  if (query.by !== 'row' && query.by !== 'event') return html``;
  const queues = taking
    .filter(({ tables, messages, outbox }) =>
      query.by === 'row'
        ? tables.some(route => tableName(route) === normalTableName(query.table) && route.orderBy !== false)
        : messages || outbox.length > 0,
    )
    .map(({ name }) => name);
  const key =
    query.by === 'row'
      ? { table: query.table, key: query.key, orderKey: query.orderKey }
      : { key: [query.key], event: true };
  return html`<p class="actions">${queues.map(queue => {
    const body = { queue, ...key };
    return html`${actionButton({ path: '/mend/pause-key', body, text: `Pause in ${queue}`, label: `Pause in ${queue}: the changes of ${title} wait` })} ${actionButton({ path: '/mend/resume-key', body, text: `Resume in ${queue}`, label: `Resume in ${queue}: the changes of ${title} run` })} `;
  })}</p>`;
}
