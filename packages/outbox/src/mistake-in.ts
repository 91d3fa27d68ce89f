import { EVENT_LIMITS } from '@walmq/change';
import type { Event } from './publish.js';

/** What types cannot see. Whether a queue of that name takes messages, capture alone knows. */
export function mistakeIn(queue: string, { type, key }: Pick<Event, 'type' | 'key'>): string | undefined {
  const { typeCharacters, keyCharacters, queueCharacters } = EVENT_LIMITS;
  if (queue.length === 0 || queue.length > queueCharacters)
    return `the name of its queue has ${queue.length} characters, and 1 to ${queueCharacters} are allowed`;
  if (type.length === 0 || type.length > typeCharacters)
    return `its type has ${type.length} characters, and 1 to ${typeCharacters} are allowed`;
  if (typeof key === 'string' && key.length > keyCharacters)
    return `its key has ${key.length} characters, and ${keyCharacters} are allowed`;
  if (typeof key === 'number' && !Number.isSafeInteger(key))
    return 'its key is no integer, or one that would lose digits: give it as text';
  return undefined;
}
