import { describe, expect, it } from 'vitest';
import { readEvent } from './read-event.js';

const read = (value: unknown, takesRows = false) =>
  readEvent(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), { takesRows });

describe('readEvent', () => {
  it.each([
    ['the least there is', { type: 'a' }, undefined, undefined],
    ['a key that is text', { type: 'a', key: 'ada "1"' }, 'ada "1"', undefined],
    ['a key that is a number', { type: 'a', key: 42 }, 42, undefined],
    ['nothing said at length', { type: 'a', key: null, headers: null, options: null }, undefined, undefined],
    [
      "options, in BullMQ's stored form",
      {
        type: 'a',
        options: { delayMs: 5, priority: 1, attempts: 2, deduplication: { id: 'x', ttlMs: 9 } },
      },
      undefined,
      '{"delay":5,"priority":1,"attempts":2,"de":{"id":"x","ttl":9}}',
    ],
  ])('takes %s', (_, value, key, options) => {
    expect(read(value)).toEqual({ type: 'a', key, options, json: JSON.stringify(value) });
  });

  it('gives it as it was sent, to the last digit', () => {
    const json = ' {"type":"a",\n"payload":[1.10, 12345678901234567890]} ';
    expect(read(json)).toMatchObject({ json });
  });

  it.each([
    ['nothing', '', 'it is not JSON'],
    ['a number', '1', /^it: /],
    ['a list', '[]', /^it: /],
    ['null', 'null', /^it: /],
    ['no type', {}, /^type: /],
    ['an empty type', { type: '' }, /^type: /],
    ['a type without end', { type: 'x'.repeat(201) }, /^type: /],
    ['a key that would lose digits', '{"type":"a","key":12345678901234567890}', /^key: /],
    ['a key that is a fraction', { type: 'a', key: 1.5 }, /^key: /],
    ['a key that is an object', { type: 'a', key: {} }, /^key: /],
    [
      'a delay beyond what BullMQ keeps apart',
      { type: 'a', options: { delayMs: 1e15 } },
      /^options\.delayMs: /,
    ],
    ['a priority beyond those of BullMQ', { type: 'a', options: { priority: 3e6 } }, /^options\.priority: /],
    ['no attempts', { type: 'a', options: { attempts: 0 } }, /^options\.attempts: /],
    [
      'an option of another name',
      { type: 'a', options: { delay: 1 } },
      'options has a field that is not known',
    ],
    ['half a surrogate pair as type', { type: '\ud83d' }, /^type: .* well-formed/],
    ['half a surrogate pair as key', { type: 'a', key: '\ude00' }, /^key: /],
    [
      'half a surrogate pair in an option',
      { type: 'a', options: { deduplication: { id: 'order \ud83d' } } },
      /^options\.deduplication\.id: .* well-formed/,
    ],
    ['a field twice', '{"type":"a","key":1,"\\u006bey":2}', 'it has a field twice'],
    ['an option twice', '{"type":"a","options":{"delayMs":1,"delayMs":2}}', 'it has a field twice'],
    [
      '100,000 brackets',
      `{"type":"a","payload":${'['.repeat(1e5)}${']'.repeat(1e5)}}`,
      'it is nested deeper than 200 levels',
    ],
    ['a field named __proto__', '{"type":"a","__proto__":{"key":1}}', 'it has a field that is not known'],
    ['a field of another name', { type: 'a', 'card 4111': 1 }, 'it has a field that is not known'],
  ])('refuses %s, and says why', (_, value, reason) => {
    expect(read(value)).toEqual(
      expect.objectContaining({
        message: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      }),
    );
  });

  it.each(['insert', 'update', 'delete', 'truncate', 'read', 'message'])(
    'takes the type "%s" only where no row is named so',
    type => {
      expect(read({ type })).toMatchObject({ type });
      expect(read({ type }, true)).toMatchObject({ message: expect.stringMatching(/operation on rows/) });
    },
  );

  it('takes as much depth as there may be, and a payload with half a surrogate pair as its JSON has it', () => {
    const json = `{"type":"a","payload":["\\ud83d",${'['.repeat(198)}${']'.repeat(198)}]}`;
    expect(read(json)).toMatchObject({ json });
  });

  it('refuses bytes that are no text', () => {
    expect(readEvent(Buffer.from('"\xe9"', 'latin1'), { takesRows: false })).toEqual(
      new Error('it is not UTF-8'),
    );
  });
});
