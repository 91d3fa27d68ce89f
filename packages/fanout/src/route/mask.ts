import { createHash, createHmac } from 'node:crypto';
import { WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';

type Masks = NonNullable<NonNullable<QueueConfig['shape']>['mask']>;
/** Turns a value's JSON text into what is said instead. */
export type Mask = (json: string) => string;

const REDACTED = JSON.stringify('[redacted]');
const LEAST_KEY = 16;

/**
 * The masks of a queue, by column. NULL stays null: that there is nothing says nothing. Throws MASK_KEY_MISSING where a
 * key that is to hash is not there, since a hash without one is a table of guesses away from its value.
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

/** Stands for a text, the same for the same one. */
export type Digest = (text: string) => string;

/** Under the key that a mask of the queue hashes with; without one a plain digest, which who guesses can check. */
export function digestOf(masks: Masks): Digest {
  const hashed = Object.values(masks).find(mask => typeof mask === 'object' && 'hash' in mask);
  const key = typeof hashed === 'object' && 'hash' in hashed ? hashed.hash() : undefined;
  return text => (key ? hmac(key, text) : createHash('sha256').update(text).digest('base64url'));
}

function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** A string's own text; anything else as JSON has it. */
function textOf(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}
