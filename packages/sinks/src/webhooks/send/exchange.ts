import http from 'node:http';
import https from 'node:https';
import type { Answer } from './answer.js';

/** The answer's text is not used. A little is read, so that the connection can be used again. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** One POST and its answer, whatever the status. Redirects are not followed. */
export async function exchange(request: {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}): Promise<Answer> {
  const { url, agent, headers, body, signal } = request;
  const client = url.protocol === 'https:' ? https : http;
  const options = { method: 'POST', agent, signal, headers: { ...headers, 'content-length': body.length } };
  return await new Promise<Answer>((resolve, reject) => {
    const sent = client.request(url, options, answer => {
      const retryAfter = answer.headers['retry-after'];
      let read = 0;
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > MAX_ANSWER_BYTES) answer.destroy();
      });
      // The status is known; an error in the rest of the answer does not matter.
      answer.on('error', () => {});
      answer.on('close', () => resolve({ status: answer.statusCode ?? 0, retryAfter }));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A receiver may close a kept connection at the moment of its reuse. That is no failure of the
      // receiver: try the next connection, and finally a new one.
      const stale = sent.reusedSocket && error.code === 'ECONNRESET';
      if (stale) resolve(exchange(request));
      else reject(error);
    });
    sent.end(body);
  });
}
