import http from 'node:http';
import https from 'node:https';
import { WalmqError } from '@walmq/change';
import { addressRule, checkLiteral, guardedLookup } from './address.js';
import type { Answer } from './answer.js';
import type { WebhookEndpoint } from './endpoint.js';

/** Sends one request and resolves to its answer, whatever the status; rejects when there is none. */
export type Post = (request: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}) => Promise<Answer>;

/** The answer's text is nobody's business; a little is read so that the connection can be used again. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** Requests to one endpoint, over connections of its own that are kept for the next. Redirects are not followed. */
export function createPost({ url, allowAddresses, ca, timeoutMs }: WebhookEndpoint): Post {
  const rule = addressRule(allowAddresses);
  const shared = { keepAlive: true, lookup: guardedLookup(rule) };
  const secure = url.protocol === 'https:';
  const agent = secure
    ? new https.Agent({ ...shared, ...(ca === undefined ? {} : { ca }) })
    : new http.Agent(shared);
  const { request } = secure ? https : http;
  return async ({ headers, body, signal }) => {
    checkLiteral(url, rule);
    const bytes = Buffer.from(body);
    const deadline = new AbortController();
    const abandon = () => deadline.abort(signal.reason);
    const timer = setTimeout(() => deadline.abort(timedOut(timeoutMs)), timeoutMs);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      signal.throwIfAborted();
      return await new Promise<Answer>((resolve, reject) => {
        const options = {
          method: 'POST',
          agent,
          signal: deadline.signal,
          headers: { ...headers, 'content-length': bytes.length },
        };
        const sent = request(url, options, answer => {
          const retryAfter = answer.headers['retry-after'];
          let read = 0;
          answer.on('data', (chunk: Buffer) => {
            read += chunk.length;
            if (read > MAX_ANSWER_BYTES) answer.destroy();
          });
          // The status has been said; how the rest of the answer ends is of no account.
          answer.on('error', () => {});
          answer.on('close', () => resolve({ status: answer.statusCode ?? 0, retryAfter }));
        });
        sent.on('error', reject);
        sent.end(bytes);
      });
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

/** Node's messages name addresses and ports, never what was sent. */
function failureOf(cause: unknown): Error {
  if (cause instanceof WalmqError) return cause;
  const { code, message } = Object(cause) as { code?: unknown; message?: unknown };
  return new WalmqError(
    'WEBHOOK_UNREACHABLE',
    `the endpoint cannot be reached: ${String(message || code)}.`,
    {
      facts: { code },
      cause,
    },
  );
}
