import { EVENT_LIMITS } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { mistakeIn } from './mistake-in.js';

type Sent = Parameters<typeof mistakeIn>[1];

describe('mistakeIn', () => {
  it.each<[string, string, Sent]>([
    ['the least there is', 'a', { type: 'b' }],
    [
      'as much as there may be',
      'q'.repeat(EVENT_LIMITS.queueCharacters),
      { type: 't'.repeat(EVENT_LIMITS.typeCharacters), key: 'k'.repeat(EVENT_LIMITS.keyCharacters) },
    ],
    ['the largest number', 'a', { type: 'b', key: Number.MAX_SAFE_INTEGER }],
  ])('finds none in %s', (_, queue, event) => {
    expect(mistakeIn(queue, event)).toBeUndefined();
  });

  it.each<[string, string, Sent, RegExp]>([
    ['no queue', '', { type: 'b' }, /name of its queue has 0 characters/],
    ['a queue that cannot be', 'q'.repeat(101), { type: 'b' }, /name of its queue has 101/],
    ['no type', 'a', { type: '' }, /type has 0 characters, and 1 to 200/],
    ['a type without end', 'a', { type: 't'.repeat(201) }, /type has 201/],
    ['a key without end', 'a', { type: 'b', key: 'k'.repeat(501) }, /key has 501 characters/],
    ['a key that would lose digits', 'a', { type: 'b', key: 2 ** 53 }, /lose digits: give it as text/],
    ['a key that is a fraction', 'a', { type: 'b', key: 1.5 }, /no integer/],
  ])('finds %s', (_, queue, event, message) => {
    expect(mistakeIn(queue, event)).toMatch(message);
  });
});
