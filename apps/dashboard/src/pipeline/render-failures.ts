import { type FailureGroup, type FailureReport, kindId } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { type Html, html } from '../html.js';
import { actionButton } from '../page/action.js';
import { pathWith } from '../page/links.js';
import { empty, time } from '../page/parts.js';
import { table } from '../page/table.js';
import type { Viewer } from '../page/viewer.js';
import { count } from './format.js';

type Reader = Pick<Viewer, 'identity' | 'basePath'>;

const COLUMNS = [
  { name: 'Reason' },
  { name: 'Queue', isText: true },
  { name: 'Table', isText: true },
  { name: 'Failed' },
  { name: 'Last', isText: true },
] as const;

/** The failures by reason. Only operators get the buttons. */
export function renderFailures({ groups, isPartial, problem }: FailureReport, viewer: Reader): Html {
  if (problem !== undefined) return html`<p class="empty">What failed cannot be read: ${redact(problem)}</p>`;
  if (groups.length === 0)
    return empty({
      what: 'No change has failed.',
      next: 'A change whose handler fails for good appears here, with its reason.',
    });
  const mayAct = viewer.identity.role === 'operator';
  return html`${!mayAct && html`<p class="hint">Your role is ${viewer.identity.role}: replay and discard are for operators.</p>`}
${table({
  id: 'failures',
  label: 'Failures',
  className: 'failures',
  narrow: 'cards',
  columns: mayAct ? [...COLUMNS, { name: 'Do', isText: true }] : COLUMNS,
  rows: groups.map(group => ({ key: kindId(group), cells: cells(group, viewer) })),
})}
${isPartial && html`<p class="hint">Only the newest failures of each queue were read; there are more.</p>`}`;
}

function cells(group: FailureGroup, { identity, basePath }: Reader) {
  const { queue, table: name, reason, lastFailedAt } = group;
  const search = pathWith(`${basePath}/search`, { group: kindId(group), queue });
  return [
    {
      content: html`<a href="${search}" data-key="search ${kindId(group)}">${redact(reason) || '(no reason)'}</a>`,
      className: 'reason',
    },
    queue,
    name ?? '–',
    count(group.count),
    time(lastFailedAt),
    ...(identity.role === 'operator'
      ? [{ content: html`${button('replay', group)}${button('discard', group)}`, className: 'actions' }]
      : []),
  ];
}

function button(action: 'replay' | 'discard', group: FailureGroup): Html {
  const text = action === 'replay' ? 'Replay' : 'Discard';
  return actionButton({
    path: `/pipeline/${action}`,
    body: { group: kindId(group) },
    text,
    label: `${text} the changes of queue ${group.queue} that failed with: ${redact(group.reason)}`,
    tone: action,
  });
}
