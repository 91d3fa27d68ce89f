import type { FastifyInstance } from 'fastify';
import type { ActionTokens } from '../access/identify.js';
import { viewerOf } from '../page/viewer.js';
import { runbookPage } from './runbook-page.js';

/** GET /runbook: verdicts and errors link to their entries. */
export function mountRunbook({
  http,
  tokens,
}: {
  readonly http: FastifyInstance;
  readonly tokens: ActionTokens;
}): void {
  http.get(
    '/runbook',
    async (request, reply) =>
      await reply.type('text/html; charset=utf-8').send(runbookPage(viewerOf(request, tokens))),
  );
}
