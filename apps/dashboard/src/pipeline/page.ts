import type { Identity } from '../access/identify.js';
import { BOARD_PATH } from '../board.js';
import { type Html, html } from '../html.js';
import { layout } from '../layout.js';

export interface PipelinePage {
  readonly identity: Identity;
  readonly token: string;
}

export function pipelinePage({ identity, token }: PipelinePage): string {
  return layout({
    title: 'Pipeline · walmq',
    script: 'pipeline.js',
    token,
    body: html`<header class="bar">
<h1>walmq</h1>
<nav aria-label="Pages"><a href="/" aria-current="page">Pipeline</a> <a href="${BOARD_PATH}">Bull Board</a></nav>
${whoIsThere(identity, token)}
</header>`,
  });
}

function whoIsThere({ name, role, session }: Identity, token: string): Html {
  if (name === undefined) return html``;
  return html`<form class="who" method="post" action="/sign-out">
<span>${name} · ${role}</span>
${session !== undefined && html`<input type="hidden" name="token" value="${token}"><button type="submit">Sign out</button>`}
</form>`;
}
