import type { Identity } from '../access/identify.js';
import { type Html, html } from '../html.js';
import { layout } from '../layout.js';
import { boardPathOf, type RenderedStatus } from './render-status.js';

export interface PipelinePage {
  readonly basePath: string;
  readonly identity: Identity;
  readonly token: string;
  readonly rendered: RenderedStatus;
}

export function pipelinePage({ basePath, identity, token, rendered }: PipelinePage): string {
  const part = (name: keyof RenderedStatus): Html => ({ markup: rendered[name] });
  return layout({
    basePath,
    title: 'Pipeline · walmq',
    script: 'pipeline.js',
    token,
    body: html`<a class="skip" href="#main">To the content</a>
<header class="bar">
<h1>walmq</h1>
<nav aria-label="Pages"><a href="${basePath}/" aria-current="page">Pipeline</a> <a href="${boardPathOf(identity.role, basePath)}">Bull Board</a></nav>
${whoIsThere(identity, { token, basePath })}
</header>
<main id="main">
<p class="as-of"><span id="as-of">${part('as-of')}</span> <span id="connection"></span></p>
<section id="verdicts" aria-labelledby="verdicts-title">${part('verdicts')}</section>
<section aria-labelledby="stages-title"><h2 id="stages-title">The way of the data</h2><div id="stages">${part('stages')}</div></section>
<section aria-labelledby="queues-title"><h2 id="queues-title">Queues</h2><div id="queues">${part('queues')}</div></section>
<div id="backfills">${part('backfills')}</div>
<section aria-labelledby="failures-title"><h2 id="failures-title">Failures</h2>
<p id="outcome" role="status" class="outcome"></p>
<div id="failures">${part('failures')}</div></section>
<p id="announcement" class="unseen" aria-live="polite">${part('announcement')}</p>
</main>
${identity.role === 'operator' && CONFIRMATION}`,
  });
}

/** Asked before an action. A native dialog keeps the focus and returns it. */
const CONFIRMATION = html`<dialog id="confirmation" aria-labelledby="confirmation-title" aria-describedby="confirmation-text">
<form method="dialog">
<h2 id="confirmation-title"></h2>
<p id="confirmation-text"></p>
<p class="buttons"><button value="cancel" autofocus>Cancel</button> <button value="confirm" id="confirm" type="button"></button></p>
</form>
</dialog>`;

function whoIsThere(
  { name, role, session }: Identity,
  { token, basePath }: { readonly token: string; readonly basePath: string },
): Html {
  if (name === undefined) return html``;
  return html`<form class="who" method="post" action="${basePath}/sign-out">
<span>${name} · ${role}</span>
${session !== undefined && html`<input type="hidden" name="token" value="${token}"><button type="submit">Sign out</button>`}
</form>`;
}
