import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ActionTokens, Identity } from '../access/identify.js';
import { viewerOf } from '../page/viewer.js';
import { statusEvents } from './events.js';
import type { Observer } from './observer.js';
import { pipelinePage } from './page.js';
import { renderStatus } from './render-status.js';

/** Limits of concurrent streams, in total and per user; each is one open page. */
const MAX_STREAMS = 200;
const MAX_STREAMS_OF_ONE = 20;

export interface PipelineOptions {
  readonly http: FastifyInstance;
  readonly observer: Observer;
  readonly tokens: ActionTokens;
  /** The current user of a request: the session may have ended since it was admitted. */
  readonly identify: (request: FastifyRequest) => Identity | undefined;
}

/** GET /: the page. GET /pipeline/events: its changes, as they happen. */
export function mountPipeline({ http, observer, tokens, identify }: PipelineOptions): void {
  const streams = new Map<string, number>();
  http.get('/', async (request, reply) => {
    const viewer = viewerOf(request, tokens);
    const rendered = renderStatus(await observer.latest(), viewer);
    return await reply.type('text/html; charset=utf-8').send(pipelinePage({ viewer, rendered }));
  });
  // HEAD would get a stream that nobody reads and nothing ends.
  http.get('/pipeline/events', { exposeHeadRoute: false }, async (request, reply) => {
    const identity = request.identity as Identity;
    const { name = '' } = identity;
    const own = streams.get(name) ?? 0;
    const all = [...streams.values()].reduce((sum, count) => sum + count, 0);
    if (own >= MAX_STREAMS_OF_ONE || all >= MAX_STREAMS)
      return await reply.code(503).send({ message: 'Too many pages are open: close one.' });
    const { token, basePath } = viewerOf(request, tokens);
    const events = Readable.from(
      statusEvents({ observer, token, basePath, whoWatches: () => identify(request) }),
    );
    streams.set(name, own + 1);
    events.once('close', () => {
      const left = (streams.get(name) ?? 1) - 1;
      if (left > 0) streams.set(name, left);
      else streams.delete(name);
    });
    return await reply.type('text/event-stream').header('x-accel-buffering', 'no').send(events);
  });
}
