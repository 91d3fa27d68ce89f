import { ERROR_SECTIONS, type ErrorEntry } from '@walmq/change/errors';
import { type Html, html } from '../html.js';
import { page } from '../page/page.js';
import type { Viewer } from '../page/viewer.js';
import { inlineMarkdown } from './markdown.js';

/** Every code of this version with its meaning and its remedy, from the registry that the documentation is written from. */
export function runbookPage(viewer: Viewer): string {
  return page({
    viewer,
    name: 'runbook',
    main: html`<h2>Runbook</h2>
<p class="hint">What each code means and what to do, in the version that runs here. The page needs no access to other hosts.</p>
<nav aria-label="Sections" class="contents">${ERROR_SECTIONS.map(({ title }) => html`<a href="#${anchorOf(title)}">${title}</a> `)}</nav>
${ERROR_SECTIONS.map(({ title, errors }) => section(title, Object.entries<ErrorEntry>(errors)))}`,
  });
}

function section(title: string, entries: readonly (readonly [code: string, entry: ErrorEntry])[]): Html {
  const id = anchorOf(title);
  return html`<section aria-labelledby="${id}"><h3 id="${id}">${title}</h3>
<dl class="runbook">${entries.map(
    ([code, { meaning, remedy, from, outcome }]) =>
      html`<div id="${code}" tabindex="-1"><dt><code>${code}</code></dt><dd>${inlineMarkdown(meaning)}</dd><dd><strong>What to do:</strong> ${inlineMarkdown(remedy)}</dd><dd class="hint">From ${from.join(', ')}. Outcome: ${outcome}.</dd></div>`,
  )}</dl></section>`;
}

function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
