import type { FoundChange, SearchPage, Unfinished } from '@walmq/operations';
import { MAX_PARKED } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { maySeeRows } from '../access/users.js';
import { type Html, html } from '../html.js';
import { actionButton } from '../page/action.js';
import { choiceField, textField } from '../page/form.js';
import { jobLink, pathWith } from '../page/links.js';
import { page } from '../page/page.js';
import { empty, pager, time } from '../page/parts.js';
import { type Column, type Row, table } from '../page/table.js';
import type { Viewer } from '../page/viewer.js';
import { count, plural } from '../pipeline/format.js';
import { changePath, rowPath } from '../row/query.js';
import type { Asked } from './query.js';

export type Answer = SearchPage | Unfinished | { readonly problem: string } | undefined;

export interface SearchPageParts {
  readonly viewer: Viewer;
  /** Names to suggest. */
  readonly tables: readonly string[];
  readonly queues: readonly string[];
  readonly asked: Asked;
  readonly hint: string | undefined;
  /** Undefined without a question. */
  readonly answer: Answer;
  /** Absent on the first page. */
  readonly cursor: string | undefined;
  readonly tookMs: number;
}

const STATES = [
  ['failed', 'failed'],
  ['parked', 'parked behind a failed change'],
  ['waiting', 'everything unfinished of one key'],
] as const;

/** A search repeats itself as often as a twentieth of the time allows, and every ten seconds at most. */
function refreshSeconds(tookMs: number): number {
  return Math.min(300, Math.max(10, Math.ceil((tookMs * 20) / 1000)));
}

export function searchPage(parts: SearchPageParts): string {
  const { viewer, answer, hint, tookMs, asked } = parts;
  return page({
    viewer,
    name: 'search',
    main: html`<h2>Search</h2>
${form(parts)}
${hint !== undefined && html`<p class="hint">${hint}</p>`}
<section id="results" data-live aria-label="Results">${results(parts)}</section>`,
    announcement: html`${summaryOf(answer, asked)}`,
    refreshSeconds: refreshSeconds(tookMs),
  });
}

function form({ viewer, tables, queues, asked }: SearchPageParts): Html {
  const { typed, problems } = asked;
  const field = (name: keyof typeof typed) => ({ name, value: typed[name], problem: problems[name] });
  const seesRows = maySeeRows(viewer.identity);
  return html`<form class="form" method="get" action="${viewer.basePath}/search" role="search">
${choiceField({ ...field('state'), label: 'Changes that are', choices: seesRows ? STATES : STATES.filter(([state]) => state !== 'waiting') })}
${textField({ ...field('table'), label: 'Table', suggestions: tables, placeholder: 'orders' })}
${seesRows && textField({ ...field('key'), label: 'Key or column', placeholder: '42 or id=42', hint: 'Separate the values of a composite key with commas.' })}
${textField({ ...field('reason'), label: 'Reason contains' })}
${seesRows && textField({ ...field('text'), label: 'Row or reason contains', type: 'search' })}
${textField({ ...field('since'), label: 'Failed since (UTC)', type: 'datetime-local' })}
${textField({ ...field('until'), label: 'Failed until (UTC)', type: 'datetime-local' })}
${choiceField({ ...field('queue'), label: 'Queue', choices: [['', 'all'], ...queues.map(name => [name, name] as const)] })}
${typed.group !== undefined && textField({ ...field('group'), label: 'Group of failures' })}
<p class="wide buttons"><a href="${viewer.basePath}/search">Clear</a> <button type="submit">Search</button></p>
</form>`;
}

function results(parts: SearchPageParts): Html {
  const { answer, asked } = parts;
  if (answer === undefined)
    // Beside the fields too, but some are not drawn for everybody.
    return html`<div class="problem" role="alert">${Object.values(asked.problems).map(text => html`<p>${text}</p>`)}</div>`;
  if ('problem' in answer) return html`<p class="problem" role="alert">${answer.problem}</p>`;
  return 'notes' in answer ? unfinished(answer, parts.viewer) : found(answer, parts);
}

/** Says the same while nothing changes: a screen reader repeats only news. */
function summaryOf(answer: Answer, { typed }: Asked): string {
  if (answer === undefined || 'problem' in answer) return '';
  if ('notes' in answer) return `${plural(answer.changes.length, 'unfinished change')}.`;
  const state = typed.state ?? 'failed';
  return `${plural(answer.changes.length, `${state} change`)} on this page.`;
}

function found(answer: SearchPage, parts: SearchPageParts): Html {
  const { viewer, asked, cursor } = parts;
  const { changes, looked, total, next, limit } = answer;
  const state = asked.typed.state ?? 'failed';
  const here = (from: string | undefined) =>
    pathWith(`${viewer.basePath}/search`, { ...asked.typed, cursor: from });
  const stopped = limit !== undefined && limit !== 'found';
  const what = `${state} changes`;
  const said = stopped
    ? `Looked at ${count(Math.min(looked, total))} of ${count(total)} ${what}: the search stopped here, so that it stays quick.`
    : next === undefined
      ? `Looked at all ${count(total)} ${what}.`
      : `Looked at ${count(Math.min(looked, total))} of ${count(total)} ${what}.`;
  return html`${
    changes.length === 0
      ? nothing(parts, answer)
      : html`${state === 'failed' && viewer.identity.role === 'operator' && actions(parts)}${table({
          id: 'found',
          label: `Changes that are ${state}`,
          narrow: 'cards',
          columns: columnsOf(state, viewer),
          rows: changes.map(change => rowOf(change, viewer)),
        })}`
  }
${pager({
  label: 'Pages of the search',
  said,
  first: cursor === undefined ? undefined : here(undefined),
  next: next === undefined ? undefined : here(next),
  ...(stopped ? { nextText: 'Continue the search' } : {}),
})}`;
}

function nothing({ viewer, asked, cursor }: SearchPageParts, { total, next }: SearchPage): Html {
  const state = asked.typed.state ?? 'failed';
  const conditions = Object.keys(asked.typed).filter(field => field !== 'state');
  if (next !== undefined)
    return empty({ what: `No ${state} change matches so far.`, next: 'Continue the search below.' });
  if (conditions.length > 0)
    return empty({
      what: cursor === undefined ? `No ${state} change matches.` : `No further ${state} change matches.`,
      next: html`${total > 0 ? html`Leave out a condition, or <a href="${pathWith(`${viewer.basePath}/search`, { state })}">show all ${state} changes</a>.` : html`Nothing is ${state} at the time that you gave.`} A change that has completed is on <a href="${viewer.basePath}/row">the row's page</a>.`,
    });
  return empty({
    what: state === 'failed' ? 'No change has failed.' : 'No change is parked.',
    next: html`To see what became of one row, open <a href="${viewer.basePath}/row">its page</a>.`,
  });
}

function columnsOf(state: string, { identity }: Viewer): readonly Column[] {
  const isFailed = state === 'failed';
  return [
    { name: 'Change', isText: true },
    { name: 'Queue', isText: true },
    {
      name: isFailed ? 'Reason' : 'Waits for',
      isText: true,
      id: 'reason',
      ...(isFailed
        ? {}
        : { explanation: 'The failed change that has to be replayed or discarded before this one runs.' }),
    },
    { name: isFailed ? 'Failed' : 'Enqueued', isText: true },
    ...(isFailed
      ? [
          { name: 'Tries' },
          {
            name: 'Parked',
            id: 'parked',
            explanation:
              'Later changes of the same key that wait for this one. Replay lets them follow in order.',
          },
        ]
      : []),
    ...(maySeeRows(identity) ? [{ name: 'Job', isText: true }] : []),
  ];
}

function rowOf(change: FoundChange, viewer: Viewer): Row {
  const { queue, id, at, attempts, parked, reason } = change;
  const isFailed = reason !== null;
  return {
    key: `${queue} ${id}`,
    cells: [
      html`${isFailed && viewer.identity.role === 'operator' && html`<input type="checkbox" class="needs-script" name="found" value="${queue} ${id}" data-key="select ${queue} ${id}" aria-label="Select ${nameOf(change)}"> `}${changeLink(change, viewer)}`,
      queue,
      { content: isFailed ? reasonText(reason) : blockerText(change, viewer), className: 'reason' },
      time(at),
      ...(isFailed
        ? [
            count(attempts),
            parked !== null && parked >= MAX_PARKED ? `≥ ${count(MAX_PARKED)}` : count(parked),
          ]
        : []),
      ...(maySeeRows(viewer.identity) ? [jobLink(viewer, queue, id, 'Bull Board')] : []),
    ],
  };
}

/** One line, and the rest on demand: a reason may hold a whole answer of another service. */
function reasonText(reason: string): Html {
  const text = redact(reason).trim();
  const [line = ''] = text.split('\n');
  const short = line.length > 160 ? `${line.slice(0, 160)}…` : line;
  if (short === text) return html`${text || '(no reason)'}`;
  return html`<details><summary>${short}</summary><pre>${text.slice(0, 20_000)}</pre></details>`;
}

function blockerText({ behind, isLong, queue }: FoundChange, viewer: Viewer): Html {
  if (isLong) return html`More than 100,000 changes stand before it: they were not all looked at.`;
  if (behind === null) return html`A change that still runs or waits.`;
  return html`${jobLink(viewer, queue, behind.id, nameOf(behind))}: ${reasonText(behind.reason)}`;
}

function changeLink(change: FoundChange, { basePath }: Viewer): Html {
  const { changeId, table: name, key } = change;
  if (changeId === null) return html`${nameOf(change)}`;
  const values = typeof key === 'object' && key !== null ? Object.values(key).map(textOf) : [];
  const path = name !== null && values.length > 0 ? rowPath(name, values) : changePath(changeId);
  return html`<a href="${basePath}${path}">${nameOf(change)}</a>`;
}

function nameOf({ op, table: name, key }: Pick<FoundChange, 'op' | 'table' | 'key'>): string {
  const columns = typeof key === 'object' && key !== null ? Object.entries(key) : [];
  return [op, name ?? '', ...columns.map(([column, value]) => `${column}=${textOf(value)}`)].join(' ').trim();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Of the selected changes, and of all that match: of every page, not of this one alone. */
function actions({ asked, viewer }: SearchPageParts): Html {
  const search = pathWith('', asked.typed).slice(1);
  const button = (text: string, tone: 'replay' | 'discard', isAll: boolean) =>
    actionButton({
      path: `/search/${tone}`,
      body: { search },
      text,
      label: isAll ? `${text}: every failed change of this search` : `${text} failed changes`,
      tone,
      ...(isAll ? {} : { selects: 'found' }),
    });
  if (viewer.identity.role !== 'operator') return html``;
  return html`<p class="actions needs-script">${button('Replay selected', 'replay', false)}${button('Discard selected', 'discard', false)}${button('Replay all that match', 'replay', true)}${button('Discard all that match', 'discard', true)}</p>`;
}

function unfinished({ changes, notes }: Unfinished, viewer: Viewer): Html {
  const why =
    notes.length > 0 &&
    html`<h3>What is not known, and why</h3><ul class="notes">${notes.map(({ text }) => html`<li>${text}</li>`)}</ul>`;
  if (changes.length === 0)
    return html`${empty({
      what: 'No change of this key waits, runs, is parked or has failed.',
      next: html`Its page shows what has completed: follow <a href="${viewer.basePath}/row">Row</a>.`,
    })}${why}`;
  return html`${table({
    id: 'unfinished',
    label: 'Unfinished changes of the key, in their order',
    narrow: 'cards',
    columns: [
      { name: 'Change', isText: true },
      { name: 'Queue', isText: true },
      { name: 'State', isText: true },
      { name: 'Why', isText: true },
      { name: 'Committed', isText: true },
      { name: 'Job', isText: true },
    ],
    rows: changes.map(({ change, entry }) => ({
      key: `${entry.queue} ${change.id}`,
      cells: [
        html`<a href="${viewer.basePath}${changePath(change.id)}">${nameOf({ op: change.op ?? 'change', table: change.table, key: change.key })}</a>`,
        entry.queue,
        { content: entry.state, ...(entry.state === 'failed' ? { tone: 'error' as const } : {}) },
        { content: redact(entry.job?.failedReason ?? entry.why ?? ''), className: 'reason' },
        change.transaction === null ? '–' : time(change.transaction.committedAt),
        entry.job === null ? '–' : jobLink(viewer, entry.queue, entry.job.id, 'Bull Board'),
      ],
    })),
  })}${why}`;
}
