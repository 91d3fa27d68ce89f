/** What every page does: the theme, explanations by hover, actions after a question, and its own refreshing. */

import { morph } from './morph.js';

export const byId = id => document.getElementById(id);
const meta = document.querySelector('meta[name="walmq-token"]');
/** Prefix of every path: the dashboard may be below the root of its host. */
export const { base } = meta.dataset;

/** Says a text in an element, and only if it is another one: a live region speaks at each change. */
export function say(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** After a restart of the server its pages have another token. */
export function renewToken(token) {
  meta.content = token;
}

/* Theme */

const theme = byId('theme');
if (theme) {
  theme.parentElement.hidden = false;
  theme.value = document.documentElement.dataset.theme ?? '';
  theme.addEventListener('change', () => {
    if (theme.value === '') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    try {
      localStorage.setItem('walmq-theme', theme.value);
    } catch {
      // Without a storage the choice is for this page only.
    }
  });
}

/* Explanations. Enter, Space, a click and Escape are the browser's own; a pointer that rests is ours. */

const REST_MS = 250;
let resting;

const explanationOf = term => byId(term.getAttribute('popovertarget'));

function show(term) {
  const explanation = explanationOf(term);
  if (!explanation.matches(':popover-open')) explanation.showPopover();
}

document.addEventListener('pointerover', event => {
  const term = event.target.closest?.('.term');
  clearTimeout(resting);
  if (term && event.pointerType === 'mouse')
    resting = setTimeout(() => term.isConnected && show(term), REST_MS);
  // The pointer may move from the term to its explanation, to select text of it.
  const over = term ? explanationOf(term) : event.target.closest?.('.explanation');
  const open = document.querySelector('.explanation:popover-open');
  if (open && open !== over && !open.dataset.pinned && event.pointerType === 'mouse')
    resting = setTimeout(() => open.matches(':popover-open') && open.hidePopover(), REST_MS);
});

/** Below its term, within the window. */
document.addEventListener(
  'toggle',
  event => {
    const explanation = event.target;
    if (!explanation.matches?.('.explanation') || event.newState !== 'open') return;
    const term = document.querySelector(`[popovertarget="${CSS.escape(explanation.id)}"]`);
    if (!term) return;
    const box = term.getBoundingClientRect();
    const { width, height } = explanation.getBoundingClientRect();
    const below = box.bottom + 6 + height < innerHeight ? box.bottom + 6 : Math.max(8, box.top - height - 6);
    explanation.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`;
    explanation.style.top = `${below}px`;
  },
  true,
);
addEventListener('scroll', () => document.querySelector('.explanation:popover-open')?.hidePopover(), {
  passive: true,
});

/* Actions */

let asked;

export async function send(path, body) {
  const answer = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-walmq-token': meta.content },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

/** What a button sends, with the ticked checkboxes that it speaks of. */
function bodyOf({ body, selects }) {
  if (selects === undefined) return JSON.parse(body);
  const ticked = document.querySelectorAll(`input[name="${CSS.escape(selects)}"]:checked`);
  return { ...JSON.parse(body), selected: [...ticked].map(box => box.value) };
}

async function ask(button) {
  const path = button.dataset.action;
  const body = bodyOf(button.dataset);
  button.disabled = true;
  try {
    const { title, text, confirm } = await send(`${path}/preview`, body);
    asked = { path, body };
    say('confirmation-title', title);
    say('confirmation-text', text);
    say('confirm', confirm);
    byId('confirm').className = button.classList.contains('discard') ? 'discard' : 'replay';
    byId('confirm').disabled = false;
    // A disabled button takes no focus, and the dialog gives it back.
    button.disabled = false;
    button.focus();
    byId('confirmation').showModal();
  } catch (error) {
    say('outcome', error.message);
  } finally {
    button.disabled = false;
  }
}

async function act() {
  const { path, body } = asked;
  byId('confirm').disabled = true;
  try {
    const { text } = await send(path, body);
    say('outcome', text);
    await refresh();
  } catch (error) {
    say('outcome', error.message);
  } finally {
    byId('confirmation').close();
  }
}

document.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button?.dataset.action) void ask(button);
  else if (button?.id === 'confirm') void act();
});

/* Refreshing: the page asks for itself, and takes over its live elements. */

export async function refresh() {
  if (!document.querySelector('[data-live]')) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } }).catch(() => undefined);
  // A sign-in that has ended leads to the sign-in page.
  if (answer?.redirected && new URL(answer.url).pathname !== location.pathname) location.reload();
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of document.querySelectorAll('[data-live]')) {
    const now = fresh.getElementById(part.id);
    if (now) morph(part, now.innerHTML);
  }
  const token = fresh.querySelector('meta[name="walmq-token"]');
  if (token) renewToken(token.content);
  const { refresh: seconds } = fresh.getElementById('main').dataset;
  if (seconds) byId('main').dataset.refresh = seconds;
}

async function keepFresh() {
  const seconds = Number(byId('main')?.dataset.refresh);
  if (!seconds) return;
  setTimeout(async () => {
    // A page that nobody sees asks for nothing.
    if (document.visibilityState === 'visible') await refresh();
    void keepFresh();
  }, seconds * 1000);
}
void keepFresh();
