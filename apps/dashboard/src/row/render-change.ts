import type { Json, Row } from '@walmq/change';
import {
  type ActionView,
  type BlockerView,
  type Difference,
  type EffectView,
  type EntryState,
  type JobView,
  type QueueEntry,
  type RowView,
  type TracedChange,
  viewsToRead,
} from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { type Html, html } from '../html.js';
import { jobLink } from '../page/links.js';
import { facts, time } from '../page/parts.js';
import { table } from '../page/table.js';
import type { Viewer } from '../page/viewer.js';
import { plural } from '../pipeline/format.js';
import type { RowActions } from './actions.js';
import { changePath, rowPath } from './query.js';

/** Characters of one value. */
const LONGEST = 500;

const TONES: Readonly<Record<EntryState, 'error' | 'warning' | 'well' | 'quiet'>> = {
  failed: 'error',
  parked: 'warning',
  delayed: 'warning',
  waiting: 'quiet',
  active: 'quiet',
  completed: 'well',
  done: 'well',
  gone: 'quiet',
  'not-taken': 'quiet',
  expected: 'quiet',
};

/** One change: who made it, what it changed, and its state in each queue. `actions`: buttons for an operator. */
export function renderChange(change: TracedChange, viewer: Viewer, actions?: RowActions): Html {
  const {
    id,
    op,
    table: name,
    key,
    lsn,
    transaction,
    context,
    rewound,
    span,
    logs,
    moved,
    rows,
    queues,
    actions: done,
  } = change;
  const pairs: [string, Html | string][] = [
    ['Committed', transaction ? time(transaction.committedAt) : html`not known`],
    ['Transaction', transaction ? `${transaction.xid} at ${lsn}` : `at ${lsn}`],
    ...(context ? ([['Context', shownValue(context)]] as [string, Html][]) : []),
    ...(rewound
      ? ([['Sent again by a rewind', link(viewer, changePath(rewound), rewound)]] as [string, Html][])
      : []),
    ...(moved ? ([['Key', movedText(moved, name, viewer)]] as [string, Html][]) : []),
    ...(span ? ([['Trace', `${span.traceId}, span ${span.spanId}`]] as [string, string][]) : []),
    ...(logs.length > 0 ? ([['Logs', logs.join(', ')]] as [string, string][]) : []),
  ];
  const views = viewsToRead(rows);
  return html`<article class="stage change" aria-labelledby="change-${id}" data-key="change ${id}">
<h3 id="change-${id}">${[op ?? 'change', name ?? ''].filter(Boolean).join(' ')} ${key !== null && keyOf(key)} <small>${link(viewer, changePath(id), id)}</small></h3>
${facts(pairs)}
${views.map((view, index) => rowTable(view, { id: `${id}-${index}`, isNamed: views.length > 1 }))}
${queues.map(entry => renderEntry(change, entry, viewer, actions))}
${done.length > 0 && html`<ul aria-label="What operators did">${done.map(actionItem)}</ul>`}
</article>`;
}

function renderEntry(
  change: TracedChange,
  entry: QueueEntry,
  viewer: Viewer,
  actions: RowActions | undefined,
): Html {
  const { queue, state, why, job, inbox, effects } = entry;
  const pairs: [string, Html | string][] = [
    ...(why ? ([['Why', why]] as [string, string][]) : []),
    ...(job ? jobFacts(job, state, queue, viewer) : []),
    ...(inbox
      ? ([
          ['Inbox', html`done at ${time(inbox.doneAt)} ${inbox.result !== null && shownValue(inbox.result)}`],
        ] as [string, Html][])
      : []),
    ...effects.map(effect => [`Effect ${effect.name}`, effectText(effect)] as [string, Html]),
  ];
  const mayAct = viewer.identity.role === 'operator';
  return html`<div class="verdict ${TONES[state]}" data-key="entry ${queue} ${change.id}"><p>Queue ${queue}: <strong class="state">${state}</strong> ${job !== null && jobLink(viewer, queue, job.id, 'in Bull Board')} ${mayAct && actions && html`<span class="actions">${actions.ofEntry(viewer, change, entry)}</span>`}</p>
${pairs.length > 0 && facts(pairs)}</div>`;
}

function jobFacts(job: JobView, state: EntryState, queue: string, viewer: Viewer): [string, Html | string][] {
  const {
    enqueuedAt,
    startedAt,
    endedAt,
    delayedUntil,
    tries,
    mostTries,
    stalls,
    worker,
    lock,
    failedReason,
    result,
    behind,
  } = job;
  return [
    ...(enqueuedAt ? ([['Enqueued', time(enqueuedAt)]] as [string, Html][]) : []),
    ...(startedAt ? ([['Last try began', time(startedAt)]] as [string, Html][]) : []),
    ...(endedAt ? ([[state === 'failed' ? 'Failed' : 'Completed', time(endedAt)]] as [string, Html][]) : []),
    ...(delayedUntil ? ([['Delayed until', time(delayedUntil)]] as [string, Html][]) : []),
    ...(tries > 0 ? ([['Tries', `${tries} of ${mostTries}`]] as [string, string][]) : []),
    ...(stalls > 0 ? ([['Workers lost', String(stalls)]] as [string, string][]) : []),
    ...(worker ? ([['Worker', worker]] as [string, string][]) : []),
    ...(lock ? ([['Lock', lock]] as [string, string][]) : []),
    ...(behind ? ([['Parked behind', behindText(behind, queue, viewer)]] as [string, Html][]) : []),
    ...(failedReason
      ? ([['Reason', html`<span class="reason">${cut(failedReason)}</span>`]] as [string, Html][])
      : []),
    ...(result !== null ? ([['Result', shownValue(result)]] as [string, Html][]) : []),
  ];
}

/** One entry of the operators' log. */
function actionItem({ at, who, via, action, queue, outcome, reason, result }: ActionView): Html {
  return html`<li>${time(at)} ${who} (${via}): ${action}${queue !== null && ` in queue ${queue}`}, ${outcome}${result !== null && `: ${cut(redact(result))}`}${reason !== null && html` <span class="reason">${cut(redact(reason))}</span>`}</li>`;
}

function behindText(behind: BlockerView, queue: string, viewer: Viewer): Html {
  const { paused } = behind;
  if (paused)
    return html`<span>a pause of its key, since ${time(paused.at)} by ${paused.by}${paused.reason !== null && html`: <span class="reason">${cut(redact(paused.reason))}</span>`}</span>`;
  const { jobId, state, why, op, table: name, key, failedReason, ahead, isLeast } = behind;
  const what = [op, name].filter(Boolean).join(' ');
  return html`<span>${jobLink(viewer, queue, jobId, what || jobId)} ${key !== null && keyOf(key)}, which ${state === 'failed' ? 'has failed' : `is ${state}`}${failedReason !== null && html`: ${cut(failedReason)}`}${failedReason?.endsWith('.') !== true && '.'} ${why !== null && `${why} `}${isLeast ? 'At least ' : ''}${plural(ahead, 'change')} before this one.</span>`;
}

function effectText({ state, attempts, intendedAt, doneAt, idempotencyKey, result }: EffectView): Html {
  const when = doneAt
    ? html`done at ${time(doneAt)}`
    : html`begun at ${time(intendedAt)} and not recorded as done`;
  return html`<span>${state === 'done' ? html`` : html`<strong>intended</strong>, `}${when}, ${attempts === 1 ? 'one try' : `${attempts} tries`}, idempotency key <code>${idempotencyKey}</code> ${result !== null && shownValue(result)}</span>`;
}

function movedText(
  { to, key, change }: NonNullable<TracedChange['moved']>,
  name: string | null,
  viewer: Viewer,
): Html {
  const other =
    key && name !== null
      ? link(
          viewer,
          rowPath(name, Object.values(key).map(textOf)),
          `${name} ${Object.values(key).map(textOf).join(' ')}`,
        )
      : link(viewer, changePath(change), change);
  return to
    ? html`<span>its transaction then inserted ${other}, as an update of the key does</span>`
    : html`<span>its transaction had deleted ${other}, as an update of the key does</span>`;
}

function rowTable(
  { of, before, after, differences }: RowView,
  { id, isNamed }: { id: string; isNamed: boolean },
): Html {
  const kind = before === null ? 'New row' : after === null ? 'Old row' : 'What differs';
  const label = isNamed ? `${kind} as ${of.join(', ')} ${of.length === 1 ? 'shows' : 'show'} it` : kind;
  return table({
    id: `row-${id}`,
    label,
    caption: label,
    columns: [
      { name: 'Column', isText: true },
      { name: 'Before', isText: true },
      { name: 'After', isText: true },
    ],
    rows: differences.map(({ column, ...values }) => ({
      key: column,
      cells: [column, shown('before', values), shown('after', values)],
    })),
    narrow: 'cards',
    className: 'differences',
  });
}

/** An old value that nobody sent is not the same as NULL. */
function shown(
  side: 'before' | 'after',
  values: Omit<Difference, 'column'>,
): { content: Html; className: string } {
  const value = values[side];
  return {
    content: value === undefined ? html`<span class="hint">–</span>` : shownValue(value),
    className: 'reason',
  };
}

function keyOf(key: Row): Html {
  return html`${Object.entries(key)
    .map(([column, value]) => `${column}=${cut(textOf(value))}`)
    .join(' ')}`;
}

function shownValue(value: Json): Html {
  return html`<code class="value">${cut(textOf(value))}</code>`;
}

function textOf(value: Json): string {
  return redact(typeof value === 'string' ? value : JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function link({ basePath }: Viewer, path: string, text: string): Html {
  return html`<a href="${basePath}${path}" data-key="${path}">${text}</a>`;
}
