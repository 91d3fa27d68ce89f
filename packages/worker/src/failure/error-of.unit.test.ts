import { describe, expect, it } from 'vitest';
import { errorOf } from './error-of.js';
import { outcomeOf } from './outcome.js';
import { reasonOf, stackOf } from './reason.js';
import { retryAfterMsOf } from './thrown.js';

describe('errorOf', () => {
  it('leaves an error as it is', () => {
    const error = new TypeError('no');
    expect(errorOf(error)).toBe(error);
  });

  it.each([
    ['a text', 'the carrier is closed', 'the carrier is closed'],
    ['null', null, 'HANDLER_THREW_NO_ERROR: the handler threw null. Throw an Error'],
    ['undefined', undefined, 'HANDLER_THREW_NO_ERROR: the handler threw undefined. Throw an Error'],
    ['an empty text', '', 'HANDLER_THREW_NO_ERROR: the handler threw an empty string. Throw an Error'],
    ['a number', 4711, 'HANDLER_THREW_NO_ERROR: the handler threw a number. Throw an Error'],
    ['a symbol', Symbol('x'), 'HANDLER_THREW_NO_ERROR: the handler threw a symbol. Throw an Error'],
    [
      'an object without a prototype',
      Object.create(null),
      'object without a message, with the fields: none.',
    ],
    ['an object without a message', { email: 'a@example.com' }, 'with the fields: email.'],
    ['an object with a message', { message: 'busy' }, 'busy'],
    [
      'an error whose message is an object',
      Object.assign(new Error('x'), { message: { email: 'a@example.com' } }),
      'without a message',
    ],
    [
      'an error whose message is a number',
      Object.assign(new Error('x'), { message: 4711 }),
      'without a message',
    ],
    [
      'an object of getters that fail',
      {
        get message() {
          throw new Error('no');
        },
      },
      'with the fields: message.',
    ],
    ['an error whose stack is a list', Object.assign(new Error('busy'), { stack: [4711] }), 'busy'],
    ['an error whose name is a symbol', Object.assign(new Error('busy'), { name: Symbol('x') }), 'busy'],
    [
      'an error whose cause is an odd one',
      Object.assign(new Error(), { params: [], cause: { message: {} } }),
      'Error',
    ],
  ])('says what is wrong where a handler throws %s', (_what, thrown, reason) => {
    expect(reasonOf(errorOf(thrown))).toContain(reason);
    expect(reasonOf(errorOf(thrown))).not.toMatch(/4711|example\.com/);
    expect(stackOf(errorOf(thrown))).toContain(reason);
    expect(outcomeOf(errorOf(thrown))).toBe('retry');
  });

  it('keeps what tells errors apart, of an object that is no Error', () => {
    expect(outcomeOf(errorOf({ message: 'no such address', responseCode: 550 }))).toBe('give-up');
    expect(outcomeOf(errorOf({ message: 'not found', response: { status: 404 } }))).toBe('give-up');
    expect(retryAfterMsOf(errorOf({ message: 'later', retryAfterMs: 500 }))).toBe(500);
  });

  it('comes to an end where causes go round in a circle', () => {
    const error: Error & { params?: unknown } = new Error('INSERT ...');
    error.cause = error;
    error.params = ['row'];
    expect(outcomeOf(errorOf(error))).toBe('retry');
    expect(reasonOf(errorOf(error))).toBe('INSERT ...');
    expect(stackOf(errorOf(error))).toMatch(/^Error: INSERT \.\.\.\n +at /);
  });
});
