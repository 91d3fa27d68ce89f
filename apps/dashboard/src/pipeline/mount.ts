import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ActionTokens, Identity } from '../access/identify.js';
import { pictureEvents } from './events.js';
import type { Observer } from './observer.js';
import { pipelinePage } from './page.js';
import { renderPicture } from './render-picture.js';

/** Streams at a time; each is one open page. */
const MAX_STREAMS = 200;

export interface PipelineOptions {
  readonly http: FastifyInstance;
  readonly observer: Observer;
  readonly tokens: ActionTokens;
  /** Whom a request comes from now: a session may have ended since it was let in. */
  readonly identify: (request: FastifyRequest) => Identity | undefined;
}

/** GET /: the page. GET /pipeline/events: what changes on it, as it does. */
export function mountPipeline({ http, observer, tokens, identify }: PipelineOptions): void {
  let streams = 0;
  http.get('/', async (request, reply) => {
    const identity = request.identity as Identity;
    const picture = renderPicture(await observer.latest(), identity.role);
    return await reply
      .type('text/html; charset=utf-8')
      .send(pipelinePage({ identity, token: tokens.of(identity), picture }));
  });
  // HEAD would be answered by a stream that nobody reads and nothing ends.
  http.get('/pipeline/events', { exposeHeadRoute: false }, async (request, reply) => {
    if (streams >= MAX_STREAMS)
      return await reply.code(503).send({ message: 'Too many pages are open: close one.' });
    const token = tokens.of(request.identity as Identity);
    const events = Readable.from(pictureEvents({ observer, token, whoWatches: () => identify(request) }));
    streams += 1;
    events.once('close', () => {
      streams -= 1;
    });
    return await reply.type('text/event-stream').header('x-accel-buffering', 'no').send(events);
  });
}
