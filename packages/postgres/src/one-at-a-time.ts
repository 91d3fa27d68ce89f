import type { Client } from 'pg';

/** The only form that walmq's own SQL uses: with a promise, without a callback. */
type Query = (...args: unknown[]) => Promise<unknown>;

/**
 * Makes queries of a client that several watches share wait for each other here. pg 8 queues them too, with a warning, and
 * pg 9 will not.
 */
export function oneAtATime(client: Client): void {
  const query = client.query.bind(client) as Query;
  let last: Promise<unknown> = Promise.resolve();
  const queued: Query = (...args) => {
    const answer = last.then(() => query(...args));
    last = answer.catch(() => undefined);
    return answer;
  };
  client.query = queued as Client['query'];
}
