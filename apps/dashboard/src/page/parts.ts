import { type Html, html } from '../html.js';

/** Terms and their values, one pair per line. `values` of one term stand below each other. */
export function facts(
  pairs: readonly (readonly [term: Html | string, value: Html | string | number])[],
): Html {
  return html`<dl class="facts">${pairs.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export interface EmptyState {
  /** What is not there, as a sentence. */
  readonly what: string | Html;
  /** What to do next, as a sentence, with a link or a command: `html\`Run <code>npx walmq init</code>.\`` */
  readonly next: Html | string;
}

/** Stands where there is nothing to show. */
export function empty({ what, next }: EmptyState): Html {
  return html`<div class="empty"><p>${what}</p><p>${next}</p></div>`;
}

export interface Pager {
  /** `Pages of the failures`, for a screen reader. */
  readonly label: string;
  /** How much is shown, and of how much. */
  readonly said: string | Html;
  /** Link to the first page; absent on it. */
  readonly first?: string | undefined;
  /** Link to what follows; absent at the end. */
  readonly next?: string | undefined;
  /** Default: `Next page` */
  readonly nextText?: string;
}

/** Below a list that is shown page by page. The links are plain links: Back works, and no script is needed. */
export function pager({ label, said, first, next, nextText = 'Next page' }: Pager): Html {
  return html`<nav class="pager" aria-label="${label}"><p>${said}</p><p>${first !== undefined && html`<a href="${first}" data-key="pager first">First page</a> `}${next !== undefined && html`<a href="${next}" data-key="pager next" rel="next">${nextText}</a>`}</p></nav>`;
}

/** A time in UTC to the second, from an ISO text or milliseconds since 1970. */
export function time(at: string | number): Html {
  const iso = typeof at === 'string' ? at : new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
