import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { basePathOf } from './base-path.js';
import { type Sender, senderOf } from './origin.js';
import type { AccessPolicy } from './policy.js';
import type { Sessions } from './sessions.js';
import type { Role } from './users.js';

export interface Identity {
  /** Undefined if no sign-in is required. */
  readonly name: string | undefined;
  readonly role: Role;
  /** Undefined unless the user signed in on our own page: then there is a session to end. */
  readonly session: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every request that it admits, except those that need no user. */
    identity: Identity | undefined;
    /** Prefix of every path in a link, a form, a redirect or a cookie: `/ops/walmq`, or '' at the root. */
    basePath: string;
  }
}

/**
 * Secure cookies get the prefix that keeps other hosts and plain http from setting them. Below the root of a
 * host, which other applications share, they get the prefix that lets us set the path.
 */
export function sessionCookie({ secure }: Pick<Sender, 'secure'>, basePath: string): string {
  if (!secure) return 'walmq-session';
  return basePath === '' ? '__Host-walmq' : '__Secure-walmq';
}

/**
 * The user of a request: from a session of ours, from the header of a trusted proxy, or, without credentials,
 * anyone.
 */
export function identify(
  request: FastifyRequest,
  { policy, sessions }: { readonly policy: AccessPolicy; readonly sessions: Sessions },
): Identity | undefined {
  if (policy.open) return { name: undefined, role: 'operator', session: undefined };
  const sender = senderOf(factsOf(request), policy);
  const session = request.cookies[sessionCookie(sender, request.basePath)];
  const user = session === undefined ? undefined : sessions.userOf(session);
  if (user !== undefined) return { name: user.name, role: user.role, session };
  return policy.proxyUsers && sender.throughProxy
    ? proxyUser(request.headers[policy.proxyUsers.header], policy.proxyUsers.roleOf)
    : undefined;
}

/** Registered before any other hook, so that each hook finds it. */
export function knowBasePath(http: FastifyInstance, policy: AccessPolicy): void {
  http.decorateRequest('basePath', '');
  http.addHook('onRequest', async request => {
    request.basePath = basePathOf(factsOf(request), policy);
  });
}

export function factsOf(request: FastifyRequest) {
  return { method: request.method, peer: request.socket.remoteAddress ?? '', headers: request.headers };
}

function proxyUser(
  name: string | readonly string[] | undefined,
  roleOf: (name: string) => Role,
): Identity | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  return { name, role: roleOf(name), session: undefined };
}

/**
 * Tokens that prove that an action was sent by our own page. A token belongs to the user who was shown the
 * page.
 */
export class ActionTokens {
  readonly #secret = randomBytes(32);

  of({ name = '', session = '' }: Identity): string {
    return createHmac('sha256', this.#secret).update(`${session}\n${name}`).digest('base64url');
  }

  matches(identity: Identity, token: unknown): boolean {
    const expected = Buffer.from(this.of(identity));
    const given = Buffer.from(typeof token === 'string' ? token : '');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}
