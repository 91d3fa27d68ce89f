import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import type { Logger } from '@walmq/runtime';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type ActionTokens, factsOf, type Identity, sessionCookie } from './identify.js';
import { type Sender, senderOf } from './origin.js';
import { nobodysHash, verifyPassword } from './password.js';
import type { AccessPolicy } from './policy.js';
import { SESSION_MS, type Sessions } from './sessions.js';
import { safePath, signInPage } from './sign-in-page.js';

/**
 * Attempts of one address before it must wait: a person mistypes a few times, an attack tries thousands of
 * passwords.
 */
const TRIES = { max: 10, timeWindow: 60_000 };

export interface SignInOptions {
  readonly http: FastifyInstance;
  readonly policy: AccessPolicy;
  readonly sessions: Sessions;
  readonly tokens: ActionTokens;
  readonly log: Logger;
}

/** GET and POST /sign-in, POST /sign-out. Register the cookie plugin and the form parser first. */
export async function mountSignIn({ http, policy, sessions, tokens, log }: SignInOptions): Promise<void> {
  const nobody = nobodysHash();
  await http.register(rateLimit, { global: false });

  http.get<{ Querystring: { to?: string } }>('/sign-in', async (request, reply) => {
    const to = safePath(request.query.to);
    if (policy.open || request.identity !== undefined) return await reply.redirect(request.basePath + to);
    return await page(reply, signInPage({ to, basePath: request.basePath }));
  });

  http.post(
    '/sign-in',
    {
      config: {
        rateLimit: {
          ...TRIES,
          keyGenerator: request => networkOf(senderOf(factsOf(request), policy)),
          errorResponseBuilder: (_request, { after }) => ({
            statusCode: 429,
            message: `Too many attempts to sign in: wait ${after}.`,
          }),
        },
      },
      bodyLimit: 8192,
      async errorHandler(error, request, reply) {
        const { statusCode = 500, message: problem } = error;
        const to = safePath(formOf(request).get('to'));
        await page(reply.code(statusCode), signInPage({ to, problem, basePath: request.basePath }));
      },
    },
    async (request, reply) => {
      const form = formOf(request);
      const name = form.get('name') ?? '';
      const to = safePath(form.get('to'));
      const user = policy.users.get(name);
      const right = await verifyPassword(form.get('password') ?? '', user?.hash ?? nobody);
      const sender = senderOf(factsOf(request), policy);
      if (user === undefined || !right) {
        // The typed name is not logged: people type passwords there.
        log.warn(
          { event: 'sign-in:refused', user: user?.name, address: sender.address },
          'A sign-in was refused',
        );
        const problem = 'Name or password is wrong.';
        return await page(reply.code(401), signInPage({ to, name, problem, basePath: request.basePath }));
      }
      log.info(
        { event: 'sign-in', user: user.name, role: user.role, address: sender.address },
        `${user.name} signed in`,
      );
      const session = sessions.open(user);
      return await reply
        .setCookie(sessionCookie(sender, request.basePath), session, {
          ...cookieOptions(sender, request.basePath),
          maxAge: SESSION_MS / 1000,
        })
        .redirect(request.basePath + to, 303);
    },
  );

  http.post('/sign-out', async (request, reply) => {
    const identity = request.identity as Identity;
    if (!tokens.matches(identity, formOf(request).get('token')))
      return await reply.code(403).send({ message: 'The page is out of date: load it again.' });
    if (identity.session !== undefined) sessions.close(identity.session);
    const sender = senderOf(factsOf(request), policy);
    const { basePath } = request;
    return await reply
      .clearCookie(sessionCookie(sender, basePath), cookieOptions(sender, basePath))
      .redirect(`${basePath}/sign-in`, 303);
  });
}

/** The address under which attempts are counted: who has one IPv6 address has the 2^64 of its network. */
export function networkOf({ address }: Pick<Sender, 'address'>): string {
  return normalizeIP(address, 64);
}

/** Strict: no link or form of another site sends the session. */
function cookieOptions({ secure }: Sender, basePath: string) {
  return { path: basePath || '/', httpOnly: true, sameSite: 'strict', secure } as const;
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

async function page(reply: FastifyReply, markup: string): Promise<FastifyReply> {
  return await reply.type('text/html; charset=utf-8').send(markup);
}
