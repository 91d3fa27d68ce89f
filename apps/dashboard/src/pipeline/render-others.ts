import type { PipelineStatus } from '@walmq/operations';
import { type Html, html } from '../html.js';

/** The other pipelines of the database; nothing if there are none. */
export function renderOthers({ others }: PipelineStatus): Html {
  if (others.length === 0) return html``;
  return html`<section aria-labelledby="others-title"><h2 id="others-title">Other pipelines of this database</h2>
<div class="scroll" role="region" aria-label="Table: Other pipelines" tabindex="0" data-key="others"><table>
<thead><tr>${['Slot', 'Database', 'Last seen', 'Prefix', 'Redis', 'Capture on', 'Since'].map(name => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${others.map(
    ({
      slot,
      database,
      active,
      seenAt,
      since,
      home,
    }) => html`<tr><th scope="row">${slot}</th><td class="text">${database}</td><td class="text">${active ? 'now' : (seenAt ?? '-')}</td>
<td class="text">${home?.prefix ?? '-'}</td><td class="text">${home?.redis ?? '-'}</td><td class="text">${home?.host ?? '-'}</td>
<td class="text">${since}</td></tr>`,
  )}</tbody></table></div></section>`;
}
