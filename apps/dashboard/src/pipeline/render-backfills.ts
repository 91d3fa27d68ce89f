import { type Backfill, doneOf, paceOf } from '@walmq/backfill';
import { qualifiedName } from '@walmq/change';
import type { PipelineStatus } from '@walmq/operations';
import { type Html, html } from '../html.js';
import { count, duration } from './format.js';

const COLUMNS = ['Rows of', 'Into queue', 'State', 'Done', 'Read', 'Enqueued', 'Rows /s', 'Left'] as const;

/** Open backfills; nothing if there are none. */
export function renderBackfills({ backfills, at }: PipelineStatus): Html {
  if (backfills.length === 0) return html``;
  return html`<section aria-labelledby="backfills-title"><h2 id="backfills-title">Backfills</h2>
<div class="scroll" role="region" aria-label="Table: Backfills" tabindex="0" data-key="backfills"><table class="backfills">
<thead><tr>${COLUMNS.map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${backfills.map(backfill => row(backfill, Date.parse(at)))}</tbody>
</table></div></section>`;
}

function row(backfill: Backfill, nowMs: number): Html {
  const { id, queue, schema, table, filter, status, rowsEnqueued } = backfill;
  const { done, of } = doneOf(backfill);
  const { rowsPerSecond, secondsLeft } = paceOf(backfill, nowMs);
  return html`<tr>
<th scope="row">${qualifiedName({ schema, table })}${filter !== null && html`<small class="reason">where ${filter}</small>`}</th>
<td class="text">${queue}</td><td${status === 'failed' && html` class="error"`}>${status}</td>
<td>${of > done && html`<progress max="${of}" value="${done}" aria-label="Backfill ${id}: rows read"></progress>`}</td>
<td>${count(done)}${of > done && html` of ${count(of)}`}</td><td>${count(rowsEnqueued)}</td>
<td>${count(rowsPerSecond)}</td><td>${duration(secondsLeft)}</td>
</tr>`;
}
