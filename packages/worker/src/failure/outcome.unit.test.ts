import { WalmqError } from '@walmq/change';
import { UnrecoverableError } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outcomeOf } from './outcome.js';
import { drop, giveUp, postpone } from './thrown.js';
import { verdictOf } from './verdict.js';

/** An error as libraries throw it: its fields decide, the message never does. */
function failure(fields: Record<string, unknown>): Error {
  return Object.assign(new Error('22P02 550 give up'), fields);
}

describe('outcomeOf', () => {
  it.each([
    ['serialization failure', { code: '40001' }],
    ['deadlock', { code: '40P01' }],
    ['connection failure', { code: '08006' }],
    ['admin shutdown', { code: '57P01' }],
    ['statement timeout', { code: '57014' }],
    ['too many connections', { code: '53300' }],
    ['lock not available', { code: '55P03' }],
    ['read-only transaction after a failover', { code: '25006' }],
    ['idle session ended by the server', { code: '57P05' }],
    ['out of memory', { code: '53200' }],
    ['disk full', { code: '53100' }],
    ['input/output error', { code: '58030' }],
    ['internal error', { code: 'XX000' }],
    ['wrong password', { code: '28P01' }],
    ['failed transaction', { code: '25P02' }],
    ['exception of a trigger', { code: 'P0001' }],
    ['prepared statement of a table altered since', { code: '0A000', routine: 'RevalidateCachedQuery' }],
    ['unreachable host', { code: 'EHOSTUNREACH' }],
    ['name server away', { code: 'EAI_AGAIN' }],
    ['unknown host', { code: 'ENOTFOUND' }],
    ['timed-out connection', { code: 'ETIMEDOUT' }],
    ['refused connection', { code: 'ECONNREFUSED' }],
    ['reset connection', { code: 'ECONNRESET' }],
    ['broken pipe', { code: 'EPIPE' }],
    ['mailbox busy', { code: 'EENVELOPE', responseCode: 450 }],
    ['mail server shutting down', { code: 'ECONNECTION', responseCode: 421 }],
    ['wrong SMTP password', { code: 'EAUTH', responseCode: 535 }],
    ['greeting of a server that takes no mail', { code: 'EPROTOCOL', responseCode: 554 }],
    ['HTTP: too many requests', { status: 429 }],
    ['HTTP: time-out', { statusCode: 408 }],
    ['HTTP: credentials to be renewed', { status: 401 }],
    ['HTTP: server error', { code: 'ERR_BAD_RESPONSE', response: { status: 500 } }],
    ['HTTP: unavailable', { status: 503 }],
    ['a redirect that was not followed', { status: 302 }],
    ['a status that is none', { status: 42 }],
    ['the state of a process', { status: 'exited' }],
    ['wrapped: a deadlock', { cause: failure({ code: '40P01' }) }],
    ['wrapped: nothing known', { cause: 'text' }],
    ['a passing code around a lasting one', { code: 'ECONNRESET', cause: failure({ code: '23505' }) }],
    ['deadline', { code: 'HANDLER_DEADLINE', cause: failure({ code: '42601' }) }],
    ['unknown code', { code: 'SOMETHING' }],
    ['a code that is no text', { code: -2 }],
    ['no code at all', {}],
  ])('retries: %s', (_, fields) => {
    expect(outcomeOf(failure(fields))).toBe('retry');
  });

  it.each([
    ['feature not supported', { code: '0A000' }],
    ['value too long', { code: '22001' }],
    ['numeric overflow', { code: '22003' }],
    ['unique violation', { code: '23505' }],
    ['not-null violation', { code: '23502' }],
    ['syntax error', { code: '42601' }],
    ['undefined table', { code: '42P01' }],
    ['foreign key violation', { code: '23503' }],
    ['exclusion violation', { code: '23P01' }],
    ['undefined column', { code: '42703' }],
    ['no privilege', { code: '42501' }],
    ['undefined schema', { code: '3F000' }],
    ['more than one row', { code: '21000' }],
    ['a row beyond its view', { code: '44000' }],
    ['statement too complex', { code: '54001' }],
    ['wrapped: unique violation', { cause: failure({ code: '23505' }) }],
    ['wrapped twice: unique violation', { cause: failure({ cause: failure({ code: '23505' }) }) }],
    ['HTTP: bad request', { status: 400 }],
    ['HTTP: not found', { statusCode: 404 }],
    ['HTTP: unprocessable', { code: 'ERR_BAD_REQUEST', response: { status: 422 } }],
    ['unknown mailbox', { code: 'EENVELOPE', responseCode: 550 }],
    ['refused message', { code: 'EMESSAGE', responseCode: 554 }],
    ['reply without a code', { responseCode: 552 }],
    ['no valid recipient', { code: 'EENVELOPE' }],
    ['argument of the wrong type', { code: 'ERR_INVALID_ARG_TYPE' }],
  ])('gives up: %s', (_, fields) => {
    expect(outcomeOf(failure(fields))).toBe('give-up');
  });

  it('knows our own errors and those of the libraries', () => {
    expect(outcomeOf(giveUp('no such customer'))).toBe('give-up');
    expect(outcomeOf(new UnrecoverableError('no'))).toBe('give-up');
    expect(outcomeOf(z.string().safeParse(1).error)).toBe('give-up');
    expect(outcomeOf(new WalmqError('HANDLER_DEADLINE', 'late.'))).toBe('retry');
  });

  it('drops what the handler says there is nothing to do for', () => {
    expect(outcomeOf(drop('a test order'))).toBe('drop');
  });

  it('ends where causes go round in a circle', () => {
    const circular = failure({});
    circular.cause = failure({ cause: circular });
    expect(outcomeOf(circular)).toBe('retry');
  });

  it.each([undefined, null, 'text', 42])('retries what is no error at all: %s', thrown => {
    expect(outcomeOf(thrown)).toBe('retry');
  });
});

describe('verdictOf', () => {
  const passing = failure({ code: '40001' });
  const lasting = failure({ code: '22003' });
  it.each([
    ['first of three tries', { error: passing, attempt: 1, attempts: 3, stopping: false }, 'retried'],
    ['last of three tries', { error: passing, attempt: 3, attempts: 3, stopping: false }, 'failed'],
    [
      'last try, but the process stops',
      { error: passing, attempt: 3, attempts: 3, stopping: true },
      'handed-back',
    ],
    ['nothing to do', { error: drop('no.'), attempt: 1, attempts: 3, stopping: false }, 'dropped'],
    ['nothing to do at a stop', { error: drop('no.'), attempt: 3, attempts: 3, stopping: true }, 'dropped'],
    [
      'asked to come again later',
      { error: postpone('busy.', 5000), attempt: 3, attempts: 3, stopping: false },
      'postponed',
    ],
    ['not worth a second try', { error: lasting, attempt: 1, attempts: 3, stopping: false }, 'failed'],
    [
      'not worth a second try at a stop',
      { error: lasting, attempt: 1, attempts: 3, stopping: true },
      'failed',
    ],
  ] as const)('%s', (_, given, verdict) => {
    expect(verdictOf(given)).toBe(verdict);
  });
});
