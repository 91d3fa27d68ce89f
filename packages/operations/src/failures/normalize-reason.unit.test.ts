import { describe, expect, it } from 'vitest';
import { normalizeReason } from './normalize-reason.js';

describe('a reason', () => {
  it.each([
    ['order 42 is broken', 'order <n> is broken'],
    ['order -42 costs 1,234.50 of 7.', 'order <n> costs <n> of <n>.'],
    ['gave up after 5012ms, limit 5000 ms', 'gave up after <n>ms, limit <n> ms'],
    ['no stock of ORD-1234 in /orders/77?page=2', 'no stock of ORD-<n> in /orders/<n>?page=<n>'],
    ['no user 3F2504E0-4F89-11D3-9A0C-0305E82C3301', 'no user <uuid>'],
    ['no "Ann" for \'Bob\' or `Eve`', 'no <value> for <value> or <value>'],
    ["the customer's mail can't be read", "the customer's mail can't be read"],
    ['550 no such user ann.smith+x@mail.example.com', '<n> no such user <address>'],
    ['expired at 2026-03-01T10:20:30.123456Z, not 2026-03-01', 'expired at <time>, not <time>'],
    ['first line 1\n    at stack (file.js:1:2)', 'first line <n>'],
    ['value "a b" of key \'id\' = -1.5', 'value <value> of key <value> = <n>'],
    ['  ', ''],
  ])('%j is one of %j', (reason, normalized) => {
    expect(normalizeReason(reason)).toBe(normalized);
  });

  it.each([
    '23505: duplicate key value violates unique constraint "orders_pkey"',
    '22P02: invalid input syntax for type integer',
    'null value in column "status" of relation "orders"',
    'the endpoint answered with status 503',
    'HTTP 404',
    'Request failed with status code 500',
    'smtp2 said 5.1.1',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'sha256 of md5sum2 is wrong',
  ])('%j keeps what tells it from another', reason => {
    expect(normalizeReason(reason)).toBe(reason);
  });

  it('is the same however long the row made it', () => {
    expect(normalizeReason('x'.repeat(10_000))).toHaveLength(300);
  });
});
