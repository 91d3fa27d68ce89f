import { type Html, html } from '../html.js';

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)|\*([^*]+)\*/g;

/**
 * The Markdown of an entry of the registry: code, emphasis and links. A link to another code stays on the page. The guides
 * are not part of an installation, so a link to one becomes the guide's path.
 */
export function inlineMarkdown(text: string): Html {
  const pieces: Html[] = [];
  let end = 0;
  for (const { 0: whole, 1: code, 2: name, 3: target, 4: stressed, index } of text.matchAll(INLINE)) {
    pieces.push(html`${text.slice(end, index)}`);
    end = index + whole.length;
    if (code !== undefined) pieces.push(html`<code>${code}</code>`);
    else if (stressed !== undefined) pieces.push(html`<em>${stressed}</em>`);
    else if (name !== undefined && target !== undefined) pieces.push(link(name, target));
  }
  return html`${pieces}${text.slice(end)}`;
}

function link(name: string, target: string): Html {
  if (target.startsWith('#')) return html`<a href="${target}">${name}</a>`;
  return html`${name} (<code>${new URL(target, 'file:///docs/reference/').pathname.slice(1)}</code>)`;
}
