import type { Hearing } from '@walmq/redis';
import { expect, it } from 'vitest';
import { sentinelCheck } from './sentinels.js';

type Answer = Hearing['answers'][number];

const at = (host: string) => ({ host, port: 26_379 });
const answer = (from: string, change: Partial<Answer> = {}): Answer => ({
  from: at(from),
  primary: { host: 'p', port: 6379 },
  epoch: 1,
  flags: ['master'],
  quorum: 2,
  replicas: 1,
  ...change,
});
const failure = (from: string) => ({ from: at(from), error: new Error('connect ECONNREFUSED') });

it.each<[string, Hearing, string, string]>([
  ['all agree', { answers: [answer('a'), answer('b')], failures: [] }, 'ok', '2 of 2 sentinels name p:6379'],
  [
    'one is down',
    { answers: [answer('a'), answer('b')], failures: [failure('c')] },
    'warning',
    '2 of 3 sentinels name p:6379 (c:26379: connect ECONNREFUSED)',
  ],
  [
    'one is left, and two have to agree',
    { answers: [answer('a')], failures: [failure('b'), failure('c')] },
    'error',
    '2 have to agree',
  ],
  [
    'one names a former primary',
    { answers: [answer('a'), answer('b', { epoch: 0, primary: { host: 'old', port: 6379 } })], failures: [] },
    'warning',
    '1 of 2 sentinels name p:6379',
  ],
  [
    'the primary is down',
    { answers: [answer('a', { flags: ['master', 's_down'] }), answer('b')], failures: [] },
    'error',
    'take it for dead',
  ],
  [
    'no replica',
    { answers: [answer('a', { replicas: 0 }), answer('b', { replicas: 0 })], failures: [] },
    'warning',
    'no replica to promote',
  ],
  ['none', { answers: [], failures: [failure('a')] }, 'error', 'no sentinel names a primary'],
])('%s', (_what, hearing, status, found) => {
  expect(sentinelCheck(hearing)).toMatchObject({ status, found: expect.stringContaining(found) });
});
