import type { PipelineStatus, Severity, Verdict } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { type Html, html } from '../html.js';
import { runbookPath } from '../page/links.js';
import type { Viewer } from '../page/viewer.js';

/** In words too, because not everyone sees the colours. */
const NAMES: Readonly<Record<Severity, string>> = { error: 'Problem', warning: 'Warning', info: 'Note' };

type Reader = Pick<Viewer, 'basePath'>;

/** The verdicts, the worst first, each with its remedy and its entry of the runbook; or that all is well. */
export function renderVerdicts({ verdicts }: PipelineStatus, viewer: Reader): Html {
  const serious = verdicts.filter(({ severity }) => severity !== 'info');
  return html`<h2 id="verdicts-title">${headline(serious)}</h2>
${serious.length === 0 && html`<p class="all-well"><span aria-hidden="true">✓</span> Nothing is wrong.</p>`}
${verdicts.length > 0 && html`<ul class="verdicts">${verdicts.map(verdict => verdictItem(verdict, viewer))}</ul>`}`;
}

/** A summary in one line, for the page's title and its live region. */
export function headline(serious: readonly Verdict[]): string {
  if (serious.length === 0) return 'All is well';
  if (serious.every(({ code }) => code === 'NOTHING_YET')) return 'Nothing runs yet';
  return serious.length === 1 ? '1 thing needs attention' : `${serious.length} things need attention`;
}

function verdictItem({ code, severity, sentence, remedy }: Verdict, viewer: Reader): Html {
  return html`<li class="verdict ${severity}"><p><strong>${NAMES[severity]}</strong> ${redact(sentence)}</p>
<p class="remedy">${redact(remedy)}</p><a href="${runbookPath(viewer, code)}" data-key="verdict ${code} ${redact(sentence)}" aria-label="${code} in the runbook"><code>${code}</code></a></li>`;
}
