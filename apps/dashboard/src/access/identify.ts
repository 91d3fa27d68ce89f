import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { basePathOf } from './base-path.js';
import { type Sender, senderOf } from './origin.js';
import type { AccessPolicy } from './policy.js';
import type { Sessions } from './sessions.js';
import type { Role } from './users.js';

export interface Identity {
  /** Undefined where nobody has to sign in. */
  readonly name: string | undefined;
  readonly role: Role;
  /** Undefined unless signed in on our own page: then there is a session to end. */
  readonly session: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every request it lets pass, but for those that need none. */
    identity: Identity | undefined;
    /** Comes before every path of a link, a form, a redirect or a cookie: `/ops/walmq`, or '' at the root. */
    basePath: string;
  }
}

/**
 * Secure cookies get the prefix that keeps other hosts and plain http from setting them; below the root of a host, which
 * is other applications' too, the one that leaves the path to us.
 */
export function sessionCookie({ secure }: Pick<Sender, 'secure'>, basePath: string): string {
  if (!secure) return 'walmq-session';
  return basePath === '' ? '__Host-walmq' : '__Secure-walmq';
}

/** Whom a request comes from: a session of ours, a user named by a trusted proxy, or, without credentials, anyone. */
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
    ? proxyUser(request.headers[policy.proxyUsers.header], policy.proxyUsers.operators)
    : undefined;
}

/** Set before any other hook asks for it. */
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
  operators: ReadonlySet<string>,
): Identity | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  return { name, role: operators.has(name) ? 'operator' : 'read-only', session: undefined };
}

/** Tokens that prove that an action was sent by a page of ours, made for whoever was shown it. */
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
