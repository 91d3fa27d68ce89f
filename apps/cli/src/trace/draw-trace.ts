import { styleText } from 'node:util';
import { type Json, type Row, withStop } from '@walmq/change';
import {
  type ActionView,
  type BlockerView,
  type Difference,
  type EffectView,
  type EntryState,
  isUrgent,
  type JobView,
  type QueueEntry,
  type RowView,
  type Trace,
  type TracedChange,
  viewsToRead,
} from '@walmq/operations';
import { printable } from '../terminal/printable.js';

const COLOURS: Partial<Record<EntryState, 'red' | 'yellow' | 'cyan' | 'green'>> = {
  failed: 'red',
  parked: 'yellow',
  delayed: 'yellow',
  active: 'cyan',
  waiting: 'cyan',
  completed: 'green',
  done: 'green',
};
/** Characters of one value. */
const LONGEST_VALUE = 120;
const LONGEST_REASON = 500;

/** The trace as lines for a terminal. */
export function drawTrace(trace: Trace, colours: boolean): string[] {
  const { title, changes, omitted, notes } = trace;
  const count = changes.length === 1 ? '1 change is known' : `${changes.length} changes are known`;
  const head =
    changes.length === 0
      ? 'nothing is known'
      : count + (omitted > 0 ? `, and ${omitted} between them that are not shown` : '');
  const urgent = notes.filter(isUrgent);
  const others = notes.filter(note => !isUrgent(note));
  return [
    printable(`${title}: ${head}`),
    ...urgent.map(({ text }) => printable(text)),
    ...changes.flatMap(change => ['', ...changeLines(change, colours)]),
    ...(others.length > 0
      ? ['', 'What is not known, and why:', ...others.map(({ text }) => printable(`  ${text}`))]
      : []),
  ];
}

function changeLines(change: TracedChange, colours: boolean): string[] {
  const { id, op, table, key, lsn, transaction, context, rewound, span, logs, moved, rows, queues, actions } =
    change;
  const what = [op ?? 'change', table ?? '', key ? keyText(key) : ''].filter(part => part !== '').join(' ');
  const when = transaction
    ? `${transaction.committedAt}  transaction ${transaction.xid} at ${lsn}`
    : `LSN ${lsn}`;
  const views = viewsToRead(rows);
  return [
    printable(`${id}  ${what}`),
    `  committed  ${when}`,
    ...(context ? [line('context', JSON.stringify(context))] : []),
    ...(rewound ? [line('rewound', `a rewind sent ${rewound} again`)] : []),
    ...(moved ? [line('key', movedText(moved))] : []),
    ...(span ? [line('trace', `${span.traceId}, span ${span.spanId}`)] : []),
    ...(logs.length > 0 ? [line('logs', logs.join(', '))] : []),
    ...views.flatMap(view => rowLines(view, views.length > 1)),
    ...queues.flatMap(entry => entryLines(entry, colours)),
    ...actions.map(action => line('operator', actionText(action))),
  ];
}

function movedText({ to, key, change }: NonNullable<TracedChange['moved']>): string {
  const other = key ? keyText(key) : 'another key';
  return to
    ? `its transaction then inserted ${other} (${change}), as an update of the key does`
    : `its transaction had deleted ${other} (${change}), as an update of the key does`;
}

function actionText({ at, who, via, action, queue, outcome, reason, result }: ActionView): string {
  const where = queue === null ? '' : ` in queue ${queue}`;
  const why = reason === null ? '' : `, because: ${cut(reason, LONGEST_REASON)}`;
  return `${at}  ${action}${where} by ${who} (${via}), ${outcome}${result === null ? '' : `: ${cut(result, LONGEST_REASON)}`}${why}`;
}

function rowLines({ of, differences }: RowView, isNamed: boolean): string[] {
  return [
    ...(isNamed ? [line('row', `as ${of.join(', ')} ${of.length === 1 ? 'shows' : 'show'} it:`)] : []),
    ...differences.map((difference, index) =>
      line(index === 0 && !isNamed ? 'row' : '', differenceText(difference)),
    ),
  ];
}

function differenceText({ column, before, after }: Difference): string {
  if (before === undefined) return `${column}: ${valueText(after)}`;
  if (after === undefined) return `${column}: was ${valueText(before)}`;
  return `${column}: ${valueText(before)} -> ${valueText(after)}`;
}

function entryLines({ queue, state, why, job, inbox, effects }: QueueEntry, colours: boolean): string[] {
  const shown =
    colours && COLOURS[state] ? styleText(COLOURS[state], state, { validateStream: false }) : state;
  const parts = ['', ...(job ? jobParts(job, state) : [])].join(', ');
  return [
    `  ${printable(`queue ${queue}: `)}${shown}${printable(`${parts}${why ? `. ${why}` : ''}`)}`,
    ...(job?.behind ? [detail('behind', behindText(job.behind))] : []),
    ...(job?.failedReason ? [detail('reason', cut(job.failedReason, LONGEST_REASON))] : []),
    ...(job && job.result !== null ? [detail('result', valueText(job.result))] : []),
    ...(inbox
      ? [
          detail(
            'inbox',
            `done at ${inbox.doneAt}${inbox.result === null ? '' : `, ${valueText(inbox.result)}`}`,
          ),
        ]
      : []),
    ...effects.map(effect => detail('effect', effectText(effect))),
  ];
}

function jobParts(job: JobView, state: EntryState): string[] {
  const { startedAt, endedAt, delayedUntil, tries, mostTries, stalls, worker, lock } = job;
  return [
    ...(tries > 0 ? [`try ${tries} of ${mostTries}`] : []),
    ...(delayedUntil ? [`until ${delayedUntil}`] : []),
    ...(state === 'active' && startedAt ? [`since ${startedAt}`] : []),
    ...(endedAt ? [`at ${endedAt}`] : []),
    ...(worker ? [`worker ${worker}`] : []),
    ...(lock ? [`lock ${lock}`] : []),
    ...(stalls > 0 ? [`${stalls} stalls`] : []),
  ];
}

function behindText(blocker: BlockerView): string {
  const { jobId, state, why, op, table, key, failedReason, paused, ahead, isLeast } = blocker;
  if (paused)
    return `a pause of its key, since ${paused.at} by ${paused.by}${paused.reason ? `: ${paused.reason}` : ''}`;
  const what = [op, table, key ? keyText(key) : undefined].filter(Boolean).join(' ');
  const reason = failedReason ? `: ${cut(failedReason, LONGEST_REASON)}` : '';
  const others = ahead > 1 ? `, ${isLeast ? 'at least ' : ''}${ahead} changes before it` : '';
  const stands = state === 'failed' ? 'has failed' : `is ${state}`;
  return `${jobId} (${what}), which ${stands}${others}${why ? `${withStop(reason)} ${why}` : reason}`;
}

function effectText({
  name,
  state,
  attempts,
  intendedAt,
  doneAt,
  idempotencyKey,
  result,
}: EffectView): string {
  const when = doneAt ? `done at ${doneAt}` : `intended at ${intendedAt}`;
  const shown = result === null ? '' : `, ${valueText(result)}`;
  return `"${name}" ${state === 'done' ? '' : 'not recorded as done, '}${when}, tried ${attempts === 1 ? 'once' : `${attempts} times`}, idempotency key ${idempotencyKey}${shown}`;
}

function line(name: string, text: string): string {
  return printable(`  ${name.padEnd(10)} ${text}`);
}

function detail(name: string, text: string): string {
  return printable(`    ${name.padEnd(8)} ${text}`);
}

function keyText(key: Row): string {
  return Object.entries(key)
    .map(([column, value]) => `${column}=${valueText(value)}`)
    .join(' ');
}

function valueText(value: Json | undefined): string {
  return cut(typeof value === 'string' ? value : JSON.stringify(value ?? null), LONGEST_VALUE);
}

function cut(text: string, most: number): string {
  const [first = ''] = text.split('\n');
  return first.length > most ? `${first.slice(0, most)}…` : first;
}
