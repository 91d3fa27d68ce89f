import { createHash, createHmac } from 'node:crypto';
import { WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';

type Masks = NonNullable<NonNullable<QueueConfig['shape']>['mask']>;
/** Returns the JSON text that replaces a value's JSON text. */
export type Mask = (json: string) => string;

const REDACTED = JSON.stringify('[redacted]');
const LEAST_KEY = 16;

/**
 * The masks of a queue, by column. NULL stays null. Throws MASK_KEY_MISSING if the key for a hash is missing, since a hash
 * without a key can be reversed by guessing values.
 */
export function masksOf(queue: string, masks: Masks): ReadonlyMap<string, Mask> {
  return new Map(
    Object.entries(masks).map(([column, mask]) => {
      const hide = hiding(queue, column, mask);
      return [column, json => (json === 'null' ? json : hide(json))];
    }),
  );
}

function hiding(queue: string, column: string, mask: Masks[string]): Mask {
  if (mask === 'redact') return () => REDACTED;
  if ('truncate' in mask) return json => JSON.stringify([...textOf(json)].slice(0, mask.truncate).join(''));
  const key: unknown = mask.hash();
  if (typeof key !== 'string' || key.length < LEAST_KEY)
    throw new WalmqError(
      'MASK_KEY_MISSING',
      `queues.${queue}.mask.${column}.hash gives no key of at least ${LEAST_KEY} characters.`,
      { remedy: 'Set the secret that it reads, wherever capture runs.' },
    );
  return json => JSON.stringify(hmac(key, textOf(json)));
}

/** Returns the same digest for the same text. */
export type Digest = (text: string) => string;

/** Uses the key of a hash mask of the queue. Without one the digest is plain, and a guess can be checked against it. */
export function digestOf(masks: Masks): Digest {
  const hashed = Object.values(masks).find(mask => typeof mask === 'object' && 'hash' in mask);
  const key = typeof hashed === 'object' && 'hash' in hashed ? hashed.hash() : undefined;
  return text => (key ? hmac(key, text) : createHash('sha256').update(text).digest('base64url'));
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** The text of a string; the JSON text of any other value. */
function textOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
