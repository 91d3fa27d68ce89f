import { WalmqError } from '@walmq/change';
import { outcomeOf } from '@walmq/worker';
import { describe, expect, it } from 'vitest';
import { bigqueryFailure, credentialsFailure, refusalOf } from './failure.js';

/** The client's ApiError. Its messages quote rows. */
const apiError = (code: number, reason?: string, headers = {}) =>
  Object.assign(new Error("near 'a@example.com'"), {
    code,
    errors: [{ reason, message: "'a@example.com'" }],
    response: { headers },
  });
const ofGoogle = (fields: object) => Object.assign(new Error('a@example.com'), fields);

describe('bigqueryFailure', () => {
  it.each([
    ['a wrong row', apiError(400, 'invalid'), 'HANDLER_GAVE_UP', 'give-up', 'facts: invalid (400).'],
    ['too large', apiError(413), 'HANDLER_GAVE_UP', 'give-up', 'status 413'],
    ['no table', apiError(404, 'notFound'), 'SINK_FAILED', 'retry', 'no table facts yet: notFound (404)'],
    ['a quota', apiError(403, 'quotaExceeded'), 'HANDLER_POSTPONED', 'retry', 'quotaExceeded (403)'],
    ['no right', apiError(403, 'accessDenied'), 'SINK_CREDENTIALS', 'retry', 'accessDenied (403)'],
    ['no login', apiError(401, 'authError'), 'SINK_CREDENTIALS', 'retry', 'authError (401)'],
    ['an error of theirs', apiError(500, 'backendError'), 'SINK_FAILED', 'retry', 'backendError (500)'],
    ['a reason that is none', apiError(500, 'a@example.com'), 'SINK_FAILED', 'retry', 'status 500'],
    ['nobody there', ofGoogle({ code: 'ECONNREFUSED' }), 'SINK_UNREACHABLE', 'retry', 'ECONNREFUSED'],
    ['no answer', new Error('a@example.com'), 'SINK_UNREACHABLE', 'retry', 'no answer of BigQuery'],
    [
      'a token refused',
      ofGoogle({ status: 400, response: { data: { error: 'invalid_grant' } } }),
      'SINK_CREDENTIALS',
      'retry',
      'invalid_grant',
    ],
  ])('%s', (_, error, code, outcome, sentence) => {
    const failure = bigqueryFailure(error, 'facts');
    expect(failure).toMatchObject({ code });
    expect(outcomeOf(failure)).toBe(outcome);
    expect(failure.sentence).toContain(sentence);
    expect(failure.sentence).not.toContain('example.com');
  });

  it.each([
    ['429 with a time', apiError(429, 'rateLimitExceeded', { 'retry-after': '7' }), 7000],
    ['503 with a time', apiError(503, 'backendError', { 'retry-after': '30' }), 30_000],
    ['503 without', apiError(503), { firstMs: 2000, maxMs: 60_000 }],
    ['a date', apiError(503, undefined, { 'retry-after': 'soon' }), { firstMs: 2000, maxMs: 60_000 }],
  ])('comes later: %s', (_, error, retryAfterMs) => {
    expect(bigqueryFailure(error, 'facts')).toMatchObject({ code: 'HANDLER_POSTPONED', retryAfterMs });
  });

  it('passes on why the kit ended the time', () => {
    const late = new WalmqError('HANDLER_DEADLINE', 'late.');
    expect(bigqueryFailure(late, 'facts')).toBe(late);
  });
});

describe('credentialsFailure', () => {
  it.each([
    [ofGoogle({ code: 'ENOENT' }), 'SINK_CREDENTIALS', 'file with the credentials does not exist'],
    [
      new Error('Could not load the default credentials'),
      'SINK_CREDENTIALS',
      'are missing or cannot be read',
    ],
    [ofGoogle({ status: 401 }), 'SINK_CREDENTIALS', 'refused the credentials: status 401'],
    [ofGoogle({ status: 503 }), 'SINK_UNREACHABLE', 'status 503'],
    [ofGoogle({ code: 'ENOTFOUND' }), 'SINK_UNREACHABLE', 'ENOTFOUND'],
  ])('%o', (error, code, sentence) => {
    const failure = credentialsFailure(error);
    expect(failure).toMatchObject({ code });
    expect(failure.sentence).toContain(sentence);
    expect(failure.sentence).not.toContain('example.com');
  });
});

describe('refusalOf', () => {
  it('tells rows that never fit from rows that were stopped', () => {
    const of = (index: number, reason: string, location?: string) => ({
      index,
      errors: [{ reason, location }],
    });
    expect(refusalOf([of(0, 'stopped'), of(1, 'invalid', 'total'), of(2, 'timeout')])).toEqual({
      invalid: [{ index: 1, field: 'total' }],
      again: [0, 2],
    });
    expect(refusalOf([of(0, 'invalid', "'a@example.com'")]).invalid).toEqual([
      { index: 0, field: undefined },
    ]);
  });
});
