import type { IncomingMessage } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { type ReadyCheck, unmetChecks } from './ready-checks.js';

/** Milliseconds that a request may take to arrive, and milliseconds between two checks for slow ones. */
const REQUEST_MS = 10_000;
const CHECKING_MS = 2000;
/** Limit of concurrent connections for pages, scrapes and probes. */
const MAX_CONNECTIONS = 1000;

/** GET /live: the process runs. /ready: it makes progress, or 503 with the reasons. /metrics: Prometheus. */
export function createHealthServer(
  checks: ReadonlyMap<string, ReadyCheck>,
  metrics: Registry,
  rewriteUrl: (request: IncomingMessage) => string = request => request.url ?? '/',
): FastifyInstance {
  const http = fastify({
    logger: false,
    rewriteUrl,
    // A request that arrives byte by byte, or never, must not hold a connection.
    requestTimeout: REQUEST_MS,
    http: { headersTimeout: REQUEST_MS, connectionsCheckingInterval: CHECKING_MS },
  });
  http.server.maxConnections = MAX_CONNECTIONS;
  http.get('/live', async () => ({ live: true }));
  http.get('/ready', async (_request, reply) => {
    const reasons = await unmetChecks(checks);
    return await reply.code(Object.keys(reasons).length === 0 ? 200 : 503).send({
      ready: Object.keys(reasons).length === 0,
      reasons,
    });
  });
  http.get(
    '/metrics',
    async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.metrics()),
  );
  return http;
}
