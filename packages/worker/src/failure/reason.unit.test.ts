import { WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reasonOf, stackOf } from './reason.js';

function failure(message: string, fields: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message), fields);
}

const database = (code: string, message: string, fields: Record<string, unknown> = {}) =>
  failure(message, { code, severity: 'ERROR', schema: 'public', detail: 'Key (email)=(secret)', ...fields });

describe('reasonOf', () => {
  it.each([
    [
      'our own',
      new WalmqError('SINK_FAILED', 'wrong.', { remedy: 'Mend it.' }),
      'SINK_FAILED: wrong. Mend it.',
    ],
    ['any other', failure('no answer', { code: 'ETIMEDOUT' }), 'no answer'],
    ['nothing but a code', failure('', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['nothing at all', failure(''), 'Error'],
    [
      'what zod refused',
      z
        .object({ email: z.email(), items: z.array(z.int()) })
        .safeParse({ email: 'secret', items: ['secret'] }).error!,
      'email: Invalid email address; items.0: Invalid input: expected number, received string',
    ],
    [
      'a whole that zod refused',
      z.string().safeParse(1).error!,
      'the value: Invalid input: expected string, received number',
    ],
    [
      'a constraint',
      database('23514', 'new row violates check constraint', { table: 'orders', constraint: 'positive' }),
      '23514: new row violates check constraint (table orders, constraint positive)',
    ],
    [
      'places that the message names already',
      database('23502', 'null value in column "email"', {
        schema: 'sales',
        table: 'orders',
        column: 'email',
      }),
      '23502: null value in column "email" (schema sales, table orders)',
    ],
    [
      'a value that could not be read',
      database('22P02', 'invalid input syntax for type integer: "sec\nret"'),
      '22P02: invalid input syntax for type integer',
    ],
    [
      'a value out of range',
      database('22003', 'value "123456789012345" is out of range for type integer'),
      '22003: value is out of range for type integer',
    ],
    [
      'a syntax error',
      database('42601', 'syntax error at or near "SELCT"'),
      '42601: syntax error at or near "SELCT"',
    ],
    [
      "a query builder's wrapper around PostgreSQL's error",
      failure('Failed query: insert ... params: secret', {
        params: ['secret'],
        cause: database('23505', 'duplicate'),
      }),
      '23505: duplicate',
    ],
    [
      "a query builder's wrapper around a lost connection",
      failure('Failed query: insert ... params: secret', { params: ['secret'], cause: failure('lost') }),
      'lost',
    ],
  ])('%s', (_, error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });

  it('is never longer than a thousand characters', () => {
    expect(reasonOf(failure('x'.repeat(5000)))).toHaveLength(1000);
  });
});

describe('stackOf', () => {
  it('has the reason and the frames, and no message of the error', () => {
    const error = database('22P02', 'invalid input syntax for type integer: "secret\n    secret"');
    const [first, ...frames] = stackOf(error).split('\n');
    expect(first).toBe('Error: 22P02: invalid input syntax for type integer');
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.length).toBeLessThanOrEqual(10);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /);
  });

  it('makes do without a stack', () => {
    const error = failure('bare');
    delete error.stack;
    expect(stackOf(error)).toBe('Error: bare');
  });
});
