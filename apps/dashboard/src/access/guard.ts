import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { factsOf, identify } from './identify.js';
import { isAction, isKnownHost, isSameOrigin, senderOf } from './origin.js';
import type { AccessPolicy } from './policy.js';
import type { Sessions } from './sessions.js';

/** Paths of probes and scrapers, as on every app: no names, no data, no action. */
const PROBES = new Set(['/live', '/ready', '/metrics']);
/** Files of a page that is shown before the sign-in. */
const BEFORE_SIGN_IN = new Set(['/sign-in', '/assets/:name']);

export interface GuardOptions {
  readonly http: FastifyInstance;
  readonly policy: AccessPolicy;
  readonly sessions: Sessions;
}

/**
 * Admits a request only if it asks for one of our hosts and comes from a user who may see it. An action must
 * also come from our own page, sent by an operator. Covers every route, Bull Board's too.
 */
export function guardRoutes({ http, policy, sessions }: GuardOptions): void {
  http.decorateRequest('identity', undefined);
  http.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url;
    if (route !== undefined && PROBES.has(route)) return;
    const facts = factsOf(request);
    const sender = senderOf(facts, policy);
    if (!isKnownHost(sender, policy))
      return await refuse(
        reply,
        421,
        'This name is none of the dashboard. Add it to WALMQ_DASHBOARD_HOSTS if it should be.',
      );
    if (isAction(request) && !isSameOrigin(facts, sender))
      return await refuse(reply, 403, 'An action must be sent by a page of the dashboard itself.');
    request.identity = identify(request, { policy, sessions });
    if (route !== undefined && BEFORE_SIGN_IN.has(route)) return;
    if (request.identity === undefined) return await askToSignIn(request, reply, policy);
    // Every user may sign out.
    if (isAction(request) && route !== '/sign-out' && request.identity.role !== 'operator')
      return await refuse(reply, 403, `You may look, but not act: your role is ${request.identity.role}.`);
    return;
  });
}

async function refuse(reply: FastifyReply, status: number, message: string): Promise<FastifyReply> {
  return await reply.code(status).send({ error: message, message });
}

async function askToSignIn(
  request: FastifyRequest,
  reply: FastifyReply,
  policy: AccessPolicy,
): Promise<FastifyReply> {
  const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
  if (policy.users.size === 0)
    return await refuse(reply, 401, 'The proxy in front of the dashboard signs users in: go through it.');
  if (!isPage) return await refuse(reply, 401, 'Sign in first.');
  return await reply.redirect(`${request.basePath}/sign-in?to=${encodeURIComponent(request.url)}`);
}
