import cookie from '@fastify/cookie';
import type { Logger } from '@walmq/runtime';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { guardRoutes } from './guard.js';
import { setHeaders } from './headers.js';
import { ActionTokens, type Identity, identify, knowBasePath } from './identify.js';
import type { AccessPolicy } from './policy.js';
import { Sessions } from './sessions.js';
import { mountSignIn } from './sign-in.js';

export interface AdmitOptions {
  readonly http: FastifyInstance;
  readonly policy: AccessPolicy;
  readonly boardPaths: readonly string[];
  readonly log: Logger;
}

/** Adds the guard to every route, also to later ones, and mounts the sign-in. */
export async function admit({ http, policy, boardPaths, log }: AdmitOptions): Promise<Access> {
  const sessions = new Sessions();
  const tokens = new ActionTokens();
  knowBasePath(http, policy);
  setHeaders(http, boardPaths);
  await http.register(cookie);
  guardRoutes({ http, policy, sessions });
  http.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: unknown, body: string) => new URLSearchParams(body),
  );
  await mountSignIn({ http, policy, sessions, tokens, log });
  return { tokens, identify: request => identify(request, { policy, sessions }) };
}

export interface Access {
  readonly tokens: ActionTokens;
  /** The current user of a request: the session may have ended since the request was admitted. */
  readonly identify: (request: FastifyRequest) => Identity | undefined;
}
