import { expect, it } from 'vitest';
import { messageOf, withoutStop, withStop } from './sentence.js';

it.each([
  ['it is gone.', 'it is gone'],
  ['it is gone', 'it is gone'],
  ['at 0/1.2', 'at 0/1.2'],
  ['', ''],
])('takes the full stop from "%s"', (sentence, text) => {
  expect(withoutStop(sentence)).toBe(text);
  expect(withStop(sentence)).toBe(`${text}.`);
});

it.each([
  ['an error', new Error('no'), 'no'],
  ['errors of several addresses', new AggregateError([new Error('a'), new Error('b')]), 'a; b'],
  ['errors with a message of their own', new AggregateError([new Error('a')], 'all'), 'all'],
  ['a thrown string', 'no', 'no'],
  ['undefined', undefined, 'undefined'],
])('has the message of %s', (_, cause, message) => {
  expect(messageOf(cause)).toBe(message);
});
