import { type Html, html } from '../html.js';

export interface Explanation {
  /** Unique on the page; the same in every version of it, so that an open explanation stays open. */
  readonly id: string;
  /** What is explained, e.g. the name of a figure. */
  readonly term: string;
  /** What it means: one to three sentences. */
  readonly text: string | Html;
}

/**
 * A term with its explanation. A pointer that rests on the term opens it; so do a click, a tap, Enter and Space. Escape
 * closes it. A screen reader reads it as the term's description. Works without a script, by click and by keyboard.
 */
export function explain({ id, term, text }: Explanation): Html {
  const at = `explain-${id}`;
  return html`<button type="button" class="term" popovertarget="${at}" aria-describedby="${at}" data-key="${at}">${term}</button><span popover class="explanation" id="${at}">${text}</span>`;
}
