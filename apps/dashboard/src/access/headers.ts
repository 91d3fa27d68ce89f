import type { FastifyInstance } from 'fastify';

const NOTHING = "default-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
/** Our own pages: one style sheet, one script, nothing inline. */
const OWN = `${NOTHING}; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'`;
/** Bull Board: its markup has style attributes and its parts add style elements, but no script is inline. */
const BOARD = `${NOTHING}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'`;

/** Security headers on every answer, also on refusals. */
export function setHeaders(http: FastifyInstance, boardPaths: readonly string[]): void {
  http.addHook('onRequest', async (request, reply) => {
    const isBoard = boardPaths.some(path => request.url === path || request.url.startsWith(`${path}/`));
    reply.headers({
      'content-security-policy': isBoard ? BOARD : OWN,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Not no-referrer: under it browsers send "Origin: null" with our own forms.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    });
    if (!request.url.startsWith('/assets/') && !request.url.includes('/static/'))
      reply.header('cache-control', 'no-store');
  });
}
