import { describe, expect, it } from 'vitest';
import { verdictOf } from './answer.js';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

describe('verdictOf', () => {
  it.each([
    [200, undefined, { kind: 'delivered' }],
    [204, '10', { kind: 'delivered' }],
    [299, undefined, { kind: 'delivered' }],
    [410, undefined, { kind: 'gone' }],
    [429, '7', { kind: 'later', retryAfterMs: 7000 }],
    [503, 'Sun, 01 Mar 2026 12:01:00 GMT', { kind: 'later', retryAfterMs: 60_000 }],
    [429, 'Sun, 01 Mar 2026 11:00:00 GMT', { kind: 'later', retryAfterMs: 0 }],
    [429, '99999999999', { kind: 'later', retryAfterMs: 99_999_999_999_000 }],
    [503, '0', { kind: 'later', retryAfterMs: 0 }],
    [503, '-5', { kind: 'later', retryAfterMs: 0 }],
    [503, '1.5', { kind: 'later', retryAfterMs: 1500 }],
    [503, '2026-03', { kind: 'failed', reason: 'answered 503' }],
    [503, ' ', { kind: 'failed', reason: 'answered 503' }],
    [429, 'soon', { kind: 'failed', reason: 'answered 429' }],
    [429, undefined, { kind: 'failed', reason: 'answered 429' }],
    [500, '7', { kind: 'failed', reason: 'answered 500' }],
    [404, undefined, { kind: 'failed', reason: 'answered 404' }],
    [
      307,
      undefined,
      { kind: 'failed', reason: 'answered 307; redirects are not followed, set url to where it is now' },
    ],
  ] as const)('%i with Retry-After %s', (status, retryAfter, verdict) => {
    expect(verdictOf({ status, retryAfter }, NOW_MS)).toEqual(verdict);
  });
});
