import { type FailureGroup, type FailureReport, kindId } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Role } from '../access/users.js';
import { type Html, html } from '../html.js';
import { count } from './format.js';

/** The failures by reason. Only operators get the buttons. */
export function renderFailures({ groups, isPartial, problem }: FailureReport, role: Role): Html {
  if (problem !== undefined) return html`<p class="empty">What failed cannot be read: ${redact(problem)}</p>`;
  if (groups.length === 0) return html`<p class="empty">No change has failed.</p>`;
  return html`${role === 'read-only' && html`<p class="hint">Your role is read-only: replay and discard are for operators.</p>`}
<div class="scroll" role="region" aria-label="Failures" tabindex="0" data-key="failures"><table class="failures">
<thead><tr><th scope="col">Reason</th><th scope="col">Queue</th><th scope="col">Table</th><th scope="col">Failed</th><th scope="col">Last</th>${role === 'operator' && html`<th scope="col">Do</th>`}</tr></thead>
<tbody>${groups.map(group => row(group, role))}</tbody>
</table></div>
${isPartial && html`<p class="hint">Only the newest failures of each queue were read; there are more.</p>`}`;
}

function row(group: FailureGroup, role: Role): Html {
  const { queue, table, reason, lastFailedAt } = group;
  return html`<tr>
<th scope="row" class="reason">${redact(reason)}</th><td class="text">${queue}</td><td class="text">${table ?? '–'}</td>
<td>${count(group.count)}</td>
<td class="text"><time datetime="${lastFailedAt}">${lastFailedAt.slice(0, 19).replace('T', ' ')} UTC</time></td>
${role === 'operator' && html`<td class="actions">${button('replay', group)}${button('discard', group)}</td>`}
</tr>`;
}

function button(action: 'replay' | 'discard', group: FailureGroup): Html {
  const id = kindId(group);
  const label = action === 'replay' ? 'Replay' : 'Discard';
  return html`<button type="button" class="${action}" data-action="${action}" data-group="${id}" data-key="${action} ${id}" aria-label="${label} the changes of queue ${group.queue} that failed with: ${redact(group.reason)}">${label}…</button>`;
}
