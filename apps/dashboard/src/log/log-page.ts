import type { LogEntry, LogPage } from '@walmq/operations';
import { maySeeRows } from '../access/users.js';
import { type Html, html } from '../html.js';
import { choiceField, textField } from '../page/form.js';
import { pathWith } from '../page/links.js';
import { page } from '../page/page.js';
import { empty, facts, pager, time } from '../page/parts.js';
import { table } from '../page/table.js';
import type { Viewer } from '../page/viewer.js';

/** The query of the page, as it stands in its address. */
export interface LogQuery {
  readonly who?: string;
  readonly action?: string;
  readonly queue?: string;
  readonly outcome?: string;
  /** Id of a change. */
  readonly change?: string;
  /** `2026-01-31T10:00`, UTC. */
  readonly since?: string;
  readonly until?: string;
  /** Id of the entry before which the page begins. */
  readonly before?: string;
}

export interface LogPageOptions {
  readonly viewer: Viewer;
  readonly query: LogQuery;
  readonly found: LogPage;
  readonly queues: readonly string[];
  /** Why there is nothing to show, as a sentence. */
  readonly problem: string | undefined;
}

const COLUMNS = [
  { name: 'When', isText: true },
  { name: 'Who', isText: true },
  { name: 'Did', isText: true },
  { name: 'To', isText: true },
  {
    name: 'Outcome',
    id: 'outcome',
    isText: true,
    explanation:
      'Written after the action. "begun" is an action that still runs, or whose process died before it could write the outcome: look what was done before you repeat it.',
  },
  { name: 'Why', isText: true },
] as const;

const OUTCOMES = [
  ['', 'any'],
  ['done', 'done'],
  ['failed', 'failed'],
  ['begun', 'begun'],
] as const;

/** The operators' log. Somebody who may not see rows gets no keys, no data, no reasons and no results. */
export function logPage({ viewer, query, found, queues, problem }: LogPageOptions): string {
  const { entries, next } = found;
  const path = `${viewer.basePath}/log`;
  const { before, ...filter } = query;
  return page({
    viewer,
    name: 'log',
    main: html`<h2>Operators' log</h2>
<p class="hint">What people did with the pipeline, newest first: from the dashboard, from Bull Board and from the command line. <code>npx walmq log</code> prints the same.</p>
<form class="filter" method="get" action="${path}" role="search" aria-label="Filter of the log">
${textField({ name: 'who', label: 'Who', value: query.who })}
${textField({ name: 'action', label: 'Did', value: query.action, suggestions: ACTIONS })}
${choiceField({ name: 'queue', label: 'Queue', value: query.queue ?? '', choices: [['', 'any'], ...queues.map(queue => [queue, queue] as const)] })}
${choiceField({ name: 'outcome', label: 'Outcome', value: query.outcome ?? '', choices: OUTCOMES })}
${textField({ name: 'change', label: 'Change', value: query.change, hint: 'Its id.' })}
${textField({ name: 'since', label: 'Since', type: 'datetime-local', value: query.since, hint: 'UTC' })}
${textField({ name: 'until', label: 'Until', type: 'datetime-local', value: query.until, hint: 'UTC' })}
<p class="buttons"><button type="submit">Filter</button></p>
</form>
${problem !== undefined && html`<p class="problem" role="alert">${problem}</p>`}
${problem === undefined && listing(entries, viewer, Object.keys(query).length > 0)}
${entries.length > 0 && pager({ label: 'Pages of the log', said: `${entries.length} entries`, first: before === undefined ? undefined : pathWith(path, filter), next: next === undefined ? undefined : pathWith(path, { ...filter, before: next }), nextText: 'Older entries' })}`,
  });
}

const ACTIONS = [
  'replay',
  'discard',
  'correct',
  'pause-key',
  'resume-key',
  'backfill',
  'rewind',
  'skip',
  'accept-loss',
  'retry',
  'remove',
];

function listing(entries: readonly LogEntry[], viewer: Viewer, isFiltered: boolean): Html {
  if (entries.length === 0)
    return isFiltered
      ? empty({
          what: 'The log has no such entry.',
          next: html`<a href="${viewer.basePath}/log">Show all entries.</a>`,
        })
      : empty({
          what: 'Nobody has done anything yet.',
          next: 'Replays, corrections, pauses and all other actions will be listed here.',
        });
  const isOpen = maySeeRows(viewer.identity);
  return table({
    id: 'log',
    label: "Entries of the operators' log",
    narrow: 'cards',
    columns: COLUMNS,
    rows: entries.map(entry => ({
      key: entry.id,
      cells: [
        time(entry.begunAt),
        html`${entry.who} <small>${entry.via}</small>`,
        entry.action,
        target(entry, viewer, isOpen),
        {
          content: outcome(entry, isOpen),
          ...(entry.outcome === 'done' ? undefined : { tone: 'warning' as const }),
        },
        isOpen ? (entry.reason ?? '') : '',
      ],
    })),
  });
}

function target(
  { queue, table: name, key, changeIds }: LogEntry,
  { basePath }: Viewer,
  isOpen: boolean,
): Html {
  const [first, ...more] = changeIds;
  const change =
    first !== undefined &&
    html` <a href="${pathWith(`${basePath}/log`, { change: first })}">${first}</a>${more.length > 0 && html` and ${more.length} more`}`;
  return html`${queue ?? ''}${name !== null && html` ${name}`}${isOpen && key !== null && html` ${key}`}${change}`;
}

function outcome(entry: LogEntry, isOpen: boolean): Html {
  const { outcome: word, result, details, original, corrected } = entry;
  if (!isOpen) return html`${word}`;
  const known = Object.entries(details).map(([name, value]) => [name, textOf(value)] as const);
  return html`${word}${result !== null && html`: ${result}`}${
    (known.length > 0 || original !== null) &&
    html`<details data-key="log ${entry.id} details"><summary>Details</summary>
${known.length > 0 && facts(known)}
${original !== null && html`<h3>Original</h3><pre>${original}</pre>`}
${corrected !== null && html`<h3>Corrected</h3><pre>${corrected}</pre>`}</details>`
  }`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
