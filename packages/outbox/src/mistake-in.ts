import { EVENT_LIMITS } from '@walmq/change';
import type { Event } from './event.js';
import { unwritable } from './unwritable.js';

/** Mistakes that types cannot see. Only capture knows whether a queue of that name takes messages. */
export function mistakeIn(queue: string, event: Event): string | undefined {
  const { type, key, payload, headers, options } = event;
  const { typeCharacters, keyCharacters, queueCharacters, depth } = EVENT_LIMITS;
  if (queue.length === 0 || queue.length > queueCharacters)
    return `the name of its queue has ${queue.length} characters, and 1 to ${queueCharacters} are allowed`;
  if (type.length === 0 || type.length > typeCharacters)
    return `its type has ${type.length} characters, and 1 to ${typeCharacters} are allowed`;
  if (typeof key === 'string' && key.length > keyCharacters)
    return `its key has ${key.length} characters, and ${keyCharacters} are allowed`;
  if (typeof key === 'number' && !Number.isSafeInteger(key))
    return 'its key is no integer, or one that would lose digits: give it as text';
  const texts = { 'the name of its queue': queue, 'its type': type, 'its key': key };
  const illFormed = Object.entries({
    ...texts,
    'its options.deduplication.id': options?.deduplication?.id,
  }).find(([, text]) => typeof text === 'string' && !text.isWellFormed());
  if (illFormed) return `${illFormed[0]} holds half a surrogate pair: cut texts between characters`;
  for (const [name, value] of Object.entries({ payload, headers }))
    if (isNestedDeeper(value, depth - 1))
      return `its ${name} makes it nested deeper than ${depth} levels, or holds itself`;
  return unwritable({ payload, headers });
}

/** Looks no deeper than the limit, so that it ends if a value contains itself. */
function isNestedDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some(inner => isNestedDeeper(inner, limit - 1));
}
