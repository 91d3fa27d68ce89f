import type { Mail } from './mailbox.js';

export function renderList(mails: readonly Mail[]): string {
  const rows = mails.toReversed().map(
    mail => `<li><a href="/mails/${mail.id}">
<span class="subject">${escapeHtml(mail.subject || '(no subject)')}</span>
<span class="meta">to ${escapeHtml(mail.to.join(', '))} · ${timeTag(mail.receivedAt)}</span>
</a></li>`,
  );
  const count = mails.length === 1 ? '1 mail' : `${mails.length} mails`;
  const body =
    rows.length > 0
      ? `<ul>${rows.join('\n')}</ul>`
      : '<p class="empty">No mail yet. This page looks again by itself.</p>';
  return layout(
    `Inbox (${mails.length})`,
    `<header><h1>Inbox</h1><span class="meta" id="count" data-newest="${mails.at(-1)?.id ?? 0}">${count}</span>
<button id="clear" type="button"${mails.length === 0 ? ' disabled' : ''}>Delete all</button></header>${body}`,
  );
}

export function renderMail(mail: Mail): string {
  const fields = [
    ['From', mail.from],
    ['To', mail.to.join(', ')],
    ['Message-ID', mail.messageId],
  ].map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value ?? '')}</dd>`);
  const html =
    mail.html === undefined
      ? ''
      : `<h2>HTML</h2><iframe sandbox title="The mail's HTML" src="/mails/${mail.id}/html"></iframe>`;
  return layout(
    mail.subject,
    `<nav><a href="/">‹ Inbox</a></nav><h1>${escapeHtml(mail.subject || '(no subject)')}</h1>
<dl>${fields.join('')}<dt>Received</dt><dd>${timeTag(mail.receivedAt)}</dd></dl>
<h2>Text</h2><pre>${escapeHtml(mail.text)}</pre>${html}`,
  );
}

export function renderMissing(): string {
  return layout(
    'No such mail',
    '<nav><a href="/">‹ Inbox</a></nav><p class="empty">There is no such mail.</p>',
  );
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function timeTag(time: Date): string {
  const iso = time.toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

function layout(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<script src="/page.js" defer></script>
</head>
<body><main>${body}</main></body>
</html>
`;
}

/** Shows times in the reader's time zone. On the list, handles the button and reloads the page when a mail arrives. */
export const PAGE_SCRIPT = `
for (const time of document.querySelectorAll('time')) time.textContent = new Date(time.dateTime).toLocaleString();
const count = document.getElementById('count');
if (count) {
  document.getElementById('clear').addEventListener('click', async () => {
    await fetch('/api/mails', { method: 'DELETE' });
    location.reload();
  });
  setInterval(async () => {
    try {
      const mails = await (await fetch('/api/mails')).json();
      if (String(mails.at(-1)?.id ?? 0) !== count.dataset.newest) location.reload();
    } catch {}
  }, 2000);
}
`;

/** Sets no background for the frame of the mail, so that the browser chooses it by the mail's colour scheme. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: light-dark(#dde1e6, #30363d); --soft: light-dark(#5b6570, #9aa4ae);
  --back: light-dark(#ffffff, #14181c); --raised: light-dark(#f5f7f9, #1c2127); --ink: light-dark(#1a1f24, #e6eaee);
  --link: light-dark(#0a58a8, #79b8ff); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1rem; }
header { display: flex; align-items: baseline; gap: 1rem; }
h1 { font-size: 1.35rem; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: .85rem; color: var(--soft); margin: 1.5rem 0 .4rem; }
.meta { color: var(--soft); font-size: .875rem; }
button { margin-left: auto; font: inherit; font-size: .875rem; padding: .35rem .8rem; color: inherit;
  background: var(--raised); border: 1px solid var(--line); border-radius: .4rem; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
li { border-bottom: 1px solid var(--line); }
li a { display: block; padding: .7rem .5rem; color: inherit; text-decoration: none; }
li a:hover, li a:focus-visible { background: var(--raised); }
.subject { display: block; font-weight: 600; overflow-wrap: anywhere; }
.empty { color: var(--soft); padding: 2rem 0; }
nav a { color: var(--link); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; padding: 1rem; background: var(--raised); border: 1px solid var(--line); border-radius: .4rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.5 ui-monospace, monospace; }
iframe { width: 100%; height: 30rem; border: 1px solid var(--line); border-radius: .4rem; }
`;
