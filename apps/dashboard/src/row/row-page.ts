import { isUrgent, type Trace, type TraceQuery } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { choiceField, textField } from '../page/form.js';
import { page } from '../page/page.js';
import { empty, time } from '../page/parts.js';
import type { Viewer } from '../page/viewer.js';
import { plural } from '../pipeline/format.js';
import type { RowActions } from './actions.js';
import { renderChange } from './render-change.js';

/** The page asks again so often. A trace reads some thousand jobs, so not every second. */
const REFRESH_SECONDS = 10;

export interface RowPage {
  readonly viewer: Viewer;
  /** Names of the tables that can be asked for. */
  readonly tables: readonly string[];
  readonly query: TraceQuery | undefined;
  /** What was found, or what is wrong with the question, as a sentence. Undefined without a question. */
  readonly answer: Trace | { readonly problem: string } | undefined;
  readonly actions?: RowActions | undefined;
}

/** Search fields, then the life of the row. */
export function rowPage({ viewer, tables, query, answer, actions }: RowPage): string {
  const trace = answer && 'changes' in answer ? answer : undefined;
  const problem = answer && 'problem' in answer ? answer.problem : undefined;
  return page({
    viewer,
    name: 'row',
    title: trace ? `${trace.title} · Row` : 'Row',
    main: html`<h2>${trace ? trace.title : 'The life of a row'}</h2>
${forms(viewer, { tables, query, problem })}
<section id="trace" data-live aria-label="Changes">${trace ? renderTrace(trace, viewer, actions) : answer === undefined && nothingAsked()}</section>`,
    announcement: html`${trace && summaryOf(trace)}`,
    ...(trace ? { refreshSeconds: REFRESH_SECONDS } : {}),
  });
}

function renderTrace(trace: Trace, viewer: Viewer, actions: RowActions | undefined): Html {
  const { changes, notes, at, isHidden } = trace;
  const urgent = notes.filter(isUrgent);
  const others = notes.filter(note => !isUrgent(note));
  return html`<p class="as-of">As of ${time(at)}</p>
<p>${summaryOf(trace)}.</p>
${urgent.map(({ text }) => html`<div class="verdict warning"><p>${text}</p></div>`)}
${isHidden && html`<p class="hint">Your role sees states and times, and no keys, values and reasons.</p>`}
${viewer.identity.role === 'operator' && actions && actions.ofRow(viewer, trace)}
${changes.length === 0 && empty({ what: 'No queue and no log holds a change of it.', next: 'Below stands what cannot be known, and why.' })}
${changes.toReversed().map(change => renderChange(change, viewer, actions))}
${others.length > 0 && html`<h3>What is not known, and why</h3><ul class="notes">${others.map(({ text }) => html`<li>${text}</li>`)}</ul>`}`;
}

/** Says the same while the states are the same: a screen reader repeats only news. */
function summaryOf({ changes, omitted }: Trace): string {
  const counts = new Map<string, number>();
  for (const { queues } of changes)
    for (const { state } of queues) counts.set(state, (counts.get(state) ?? 0) + 1);
  const known =
    changes.length === 0 ? 'Nothing is known' : `${plural(changes.length, 'change')}, the newest first`;
  const more = omitted > 0 ? `, ${plural(omitted, 'more')} between them` : '';
  const states = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
  return `${known}${more}${states === '' ? '' : `: ${states}`}`;
}

function forms(
  { basePath }: Viewer,
  { tables, query, problem }: Pick<RowPage, 'tables' | 'query'> & { readonly problem: string | undefined },
): Html {
  const row = query?.by === 'row' ? query : undefined;
  const other = query && query.by !== 'row' ? query : undefined;
  return html`<form class="form" method="get" action="${basePath}/row" role="search" aria-label="Row by its key">
${textField({ name: 'table', label: 'Table', value: row?.table, suggestions: tables, isRequired: true, problem: row ? problem : undefined })}
${textField({ name: 'key', label: 'Key', value: row?.key.join(' '), isRequired: true, hint: 'Several columns: values with a space between them, or JSON.' })}
${textField({ name: 'orderKey', label: 'Order by', value: row?.orderKey, hint: 'Only for a queue that is ordered by another column: the value of that column.' })}
<div class="wide"><button type="submit">Show the row</button></div>
</form>
<details class="more"${other !== undefined && html` open`}><summary>By change, transaction or event</summary>
<form class="form" method="get" action="${basePath}/row" aria-label="By change, transaction or event">
${choiceField({
  name: 'by',
  label: 'Kind',
  value: other?.by,
  choices: [
    ['change', 'Id of a change or a job'],
    ['lsn', 'LSN of a commit'],
    ['event', 'Key of an event'],
  ],
})}
${textField({ name: 'value', label: 'Value', value: other && askedValue(other), isRequired: true, problem: other ? problem : undefined })}
<div class="wide"><button type="submit">Show</button></div>
</form></details>`;
}

function askedValue(query: Exclude<TraceQuery, { by: 'row' }>): string {
  return query.by === 'change' ? query.id : query.by === 'lsn' ? query.lsn : query.key;
}

function nothingAsked(): Html {
  return empty({
    what: 'Name a table and a key to see every change of the row that is still known.',
    next: html`On a command line: <code>npx walmq trace orders 42</code>.`,
  });
}
