/** Keeps the pipeline page up to date. The server has escaped everything that it shows. */

import { morph } from './morph.js';
import { base, byId, renewToken, say } from './page.js';

/** A status comes every two seconds. Without one the connection may be dead, though no error was reported. */
const SILENCE_MS = 15_000;
let heardAt = Date.now();

setInterval(() => {
  if (Date.now() - heardAt > SILENCE_MS) say('connection', 'no news, what you see may be old');
}, 5000);

function replacePart(id, markup) {
  const element = byId(id);
  if (element) morph(element, markup);
}

function connect() {
  const events = new EventSource(`${base}/pipeline/events`);
  events.addEventListener('token', event => renewToken(JSON.parse(event.data)));
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

connect();
