import { createHmac } from 'node:crypto';

export interface SignedHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/**
 * The headers of one attempt, with a signature per key: while a secret is being replaced, receivers accept
 * the one that they have.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function sign(attempt: {
  readonly id: string;
  readonly atMs: number;
  readonly body: string;
  readonly keys: readonly Buffer[];
}): SignedHeaders {
  const timestamp = String(Math.floor(attempt.atMs / 1000));
  const content = `${attempt.id}.${timestamp}.${attempt.body}`;
  const signatures = attempt.keys.map(
    key => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
  );
  return {
    'webhook-id': attempt.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
