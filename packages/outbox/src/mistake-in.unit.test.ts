import { EVENT_LIMITS, type Json } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { mistakeIn } from './mistake-in.js';

type Sent = Parameters<typeof mistakeIn>[1];

const nested = (depth: number): Json => (depth === 0 ? null : [nested(depth - 1)]);
const itself: { own?: Json } = {};
itself.own = itself as Json;

interface Order {
  readonly id: number;
  readonly at: Date;
  readonly note?: string | undefined;
}
const order: Order = { id: 1, at: new Date(0), note: undefined };

describe('mistakeIn', () => {
  it.each<[string, string, Sent]>([
    ['the least there is', 'a', { type: 'b' }],
    [
      'as much as there may be',
      'q'.repeat(EVENT_LIMITS.queueCharacters),
      { type: 't'.repeat(EVENT_LIMITS.typeCharacters), key: 'k'.repeat(EVENT_LIMITS.keyCharacters) },
    ],
    ['the largest number', 'a', { type: 'b', key: Number.MAX_SAFE_INTEGER }],
    ['a whole surrogate pair', '😀', { type: '😀', key: '😀', options: { deduplication: { id: '😀' } } }],
    ['half of one in a payload, which JSON can hold', 'a', { type: 'b', payload: '\ud83d' }],
    ['as deep as it may be', 'a', { type: 'b', payload: nested(EVENT_LIMITS.depth - 1) }],
    ['an interface, a date, and a field that is not there', 'a', { type: 'b', payload: order }],
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
    ['half a pair in the queue', '\ud83d', { type: 'b' }, /^the name of its queue holds half a surrogate/],
    ['half a pair in the type', 'a', { type: '\ude00' }, /^its type holds half a surrogate/],
    ['half a pair in the key', 'a', { type: 'b', key: 'order 😀'.slice(0, 7) }, /^its key holds half/],
    [
      'half a pair in what it is left out by',
      'a',
      { type: 'b', options: { deduplication: { id: 'order 😀'.slice(0, 7) } } },
      /^its options\.deduplication\.id holds half/,
    ],
    ['too deep a payload', 'a', { type: 'b', payload: nested(EVENT_LIMITS.depth) }, /^its payload makes it/],
    [
      'headers that hold themselves',
      'a',
      { type: 'b', headers: itself as Record<string, Json> },
      /^its headers/,
    ],
    ['a bigint', 'a', { type: 'b', payload: { id: 1n } }, /^its payload\.id is a bigint: give it as text/],
    ['what is no number', 'a', { type: 'b', payload: [{ n: Number.NaN }] }, /^its payload\[0\]\.n is NaN/],
    ['a Map', 'a', { type: 'b', payload: new Map() }, /^its payload is a Map, which JSON writes as \{\}/],
    ['a function', 'a', { type: 'b', headers: { f: () => 1 } }, /^its headers\.f is a function/],
  ])('finds %s', (_, queue, event, message) => {
    expect(mistakeIn(queue, event)).toMatch(message);
  });
});
