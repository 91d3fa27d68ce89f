/**
 * Keeps the pipeline page up to date, and asks before an action. The server has escaped everything that it
 * shows.
 */

const byId = id => document.getElementById(id);
const meta = document.querySelector('meta[name="walmq-token"]');
/** Prefix of every path: the dashboard may be below the root of its host. */
const { base } = meta.dataset;

/* What changes by itself */

function replacePart(id, markup) {
  const element = byId(id);
  if (!element || element.innerHTML === markup) return;
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const scrolled = [...element.querySelectorAll('.scroll')].map(box => box.scrollLeft);
  element.innerHTML = markup;
  element.querySelectorAll('.scroll').forEach((box, index) => {
    box.scrollLeft = scrolled[index] ?? 0;
  });
  if (focused) element.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** A status comes every two seconds. Without one the connection may be dead, though no error was reported. */
const SILENCE_MS = 15_000;
let heardAt = Date.now();

setInterval(() => {
  if (Date.now() - heardAt > SILENCE_MS) say('connection', 'no news, what you see may be old');
}, 5000);

function connect() {
  const events = new EventSource(`${base}/pipeline/events`);
  events.addEventListener('token', event => {
    meta.content = JSON.parse(event.data);
  });
  events.addEventListener('status', event => {
    for (const [id, markup] of Object.entries(JSON.parse(event.data))) replacePart(id, markup);
    heardAt = Date.now();
    say('connection', 'live');
  });
  events.addEventListener('error', () => {
    say('connection', 'connection lost, trying again');
    // The browser reconnects by itself, but not after an answer that was no stream.
    if (events.readyState === EventSource.CLOSED) setTimeout(reconnect, 3000);
  });
}

async function reconnect() {
  const answer = await fetch(`${base}/`, { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 401) location.reload();
  else connect();
}

/* What a person does */

const confirmation = byId('confirmation');
let asked;

async function send(path, body) {
  const answer = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-walmq-token': meta.content },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

async function ask(button) {
  const { action, group } = button.dataset;
  button.disabled = true;
  try {
    const { title, text } = await send(`/pipeline/${action}/preview`, { group });
    asked = { action, group };
    say('confirmation-title', title);
    say('confirmation-text', text);
    say('confirm', action === 'replay' ? 'Replay' : 'Discard');
    byId('confirm').className = action;
    byId('confirm').disabled = false;
    // Not the button that was pressed: an update may have replaced it.
    button.disabled = false;
    button.focus();
    confirmation.showModal();
  } catch (error) {
    say('outcome', error.message);
  } finally {
    button.disabled = false;
  }
}

async function act() {
  const { action, group } = asked;
  byId('confirm').disabled = true;
  say('confirm', action === 'replay' ? 'Replaying…' : 'Discarding…');
  try {
    const { text } = await send(`/pipeline/${action}`, { group });
    say('outcome', text);
  } catch (error) {
    say('outcome', error.message);
  } finally {
    confirmation.close();
  }
}

function say(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

document.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button?.dataset.action) void ask(button);
  else if (button?.id === 'confirm') void act();
});

connect();
