import http from 'node:http';
import https from 'node:https';
import { WalmqError } from '@walmq/change';
import type { WebhookEndpoint } from '../configure/endpoint.js';
import { addressRule, checkLiteral, guardedLookup } from '../resolve/address.js';
import { nameResolver } from '../resolve/resolve-name.js';
import type { Answer } from './answer.js';
import { exchange } from './exchange.js';

/** Sends one request and resolves to its answer, whatever the status; rejects if there is no answer. */
export type Post = (request: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}) => Promise<Answer>;

/** Whom to call, and how. */
export type PostOptions = Pick<
  WebhookEndpoint,
  'url' | 'allowAddresses' | 'nameServers' | 'ca' | 'timeoutMs'
>;

/** Sends requests to one endpoint, over connections of its own that are kept open. */
export function createPost({ url, allowAddresses, nameServers, ca, timeoutMs }: PostOptions): Post {
  const rule = addressRule(allowAddresses);
  const shared = { keepAlive: true, lookup: guardedLookup(rule, nameResolver(nameServers)) };
  const agent =
    url.protocol === 'https:'
      ? new https.Agent({ ...shared, ...(ca === undefined ? {} : { ca }) })
      : new http.Agent(shared);
  return async ({ headers, body, signal }) => {
    checkLiteral(url, rule);
    signal.throwIfAborted();
    const deadline = new AbortController();
    const abandon = () => deadline.abort(signal.reason);
    const timer = setTimeout(() => deadline.abort(timedOut(timeoutMs)), timeoutMs);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      return await exchange({ url, agent, headers, body: Buffer.from(body), signal: deadline.signal });
    } catch (error) {
      throw failureOf(deadline.signal.aborted ? deadline.signal.reason : error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
    }
  };
}

function timedOut(timeoutMs: number): WalmqError {
  return new WalmqError('WEBHOOK_TIMEOUT', `the endpoint did not answer within ${timeoutMs} ms.`);
}

/** Node's messages contain addresses and ports, never what was sent. */
function failureOf(cause: unknown): Error {
  if (cause instanceof WalmqError) return cause;
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  const reason = String(message || code);
  return new WalmqError('WEBHOOK_UNREACHABLE', `the endpoint cannot be reached: ${reason}.`, {
    facts: { code },
    cause,
  });
}
