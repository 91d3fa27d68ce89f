import type { Identity } from '../access/identify.js';
import { maySeeRows } from '../access/users.js';
import { type Html, html } from '../html.js';
import { layout } from '../layout.js';
import { boardPathOf } from './links.js';
import type { Viewer } from './viewer.js';

/** Our pages, in the order of the navigation. Bull Board follows them. */
const PAGES = {
  pipeline: { path: '/', name: 'Pipeline' },
  search: { path: '/search', name: 'Search' },
  row: { path: '/row', name: 'Row' },
  log: { path: '/log', name: "Operators' log" },
  runbook: { path: '/runbook', name: 'Runbook' },
} as const;

export type PageName = keyof typeof PAGES;

export interface PageOptions {
  readonly viewer: Viewer;
  /** The entry of the navigation that is current. */
  readonly name: PageName;
  /** Name of the window or tab: the most particular first. Default: the page's name. */
  readonly title?: string;
  /** The content. Begins with an <h2>: <h1> is the dashboard's name. */
  readonly main: Html;
  /** What `#announcement` says already: a screen reader speaks only when it changes. */
  readonly announcement?: Html;
  /** A module in assets, for what only this page does. */
  readonly script?: string;
  /**
   * The page asks for itself again after so many seconds, and replaces the elements with `data-live` (each with an id).
   * Focus, scrolled regions, open details and what is typed stay. Default: the page stays as it is.
   */
  readonly refreshSeconds?: number;
}

/**
 * A whole page of the dashboard: skip link, header with the navigation, the content, what actions need, and
 * two live regions, `#outcome` for the result of an action and `#announcement` for news.
 */
export function page(options: PageOptions): string {
  const { viewer, name, title, main, announcement, script, refreshSeconds } = options;
  const { basePath, identity, token } = viewer;
  return layout({
    basePath,
    title: `${title ?? PAGES[name].name} · walmq`,
    token,
    script: script ?? 'page.js',
    body: html`<a class="skip" href="#main">To the content</a>
<header class="bar">
<h1>walmq</h1>
<nav aria-label="Pages">${navigation(viewer, name)}</nav>
<label class="theme" hidden>Theme <select id="theme"><option value="">system</option><option value="light">light</option><option value="dark">dark</option></select></label>
${whoIsThere(identity, viewer)}
</header>
<main id="main" tabindex="-1"${refreshSeconds !== undefined && html` data-refresh="${refreshSeconds}"`}>
<p id="outcome" role="status" class="outcome"></p>
${main}
<p id="announcement" class="unseen" aria-live="polite">${announcement}</p>
</main>
${identity.role === 'operator' && CONFIRMATION}`,
  });
}

function navigation({ basePath, identity }: Viewer, current: PageName): Html {
  const links = Object.entries(PAGES).map(
    ([name, { path, name: text }]) =>
      html`<a href="${basePath}${path}"${name === current && html` aria-current="page"`}>${text}</a> `,
  );
  return html`${links}${maySeeRows(identity) && html`<a href="${boardPathOf(identity.role, basePath)}">Bull Board</a>`}`;
}

/** Asked before an action. A native dialog keeps the focus and returns it. */
const CONFIRMATION = html`<dialog id="confirmation" aria-labelledby="confirmation-title" aria-describedby="confirmation-text">
<form method="dialog">
<h2 id="confirmation-title"></h2>
<p id="confirmation-text"></p>
<p class="buttons"><button value="cancel" autofocus>Cancel</button> <button value="confirm" id="confirm" type="button"></button></p>
</form>
</dialog>`;

function whoIsThere({ name, role, session }: Identity, { token, basePath }: Viewer): Html {
  if (name === undefined) return html``;
  return html`<form class="who" method="post" action="${basePath}/sign-out">
<span>${name} · ${role}</span>
${session !== undefined && html`<input type="hidden" name="token" value="${token}"><button type="submit">Sign out</button>`}
</form>`;
}
