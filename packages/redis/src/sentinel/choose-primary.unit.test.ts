import { WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import type { HostPort } from '../address/address.js';
import type { SentinelAnswer } from './ask-sentinel.js';
import { newestAnswer, noPrimary } from './choose-primary.js';

const at = (host: string): HostPort => ({ host, port: 26_379 });

function answer(from: string, primary: string | undefined, epoch = 0): SentinelAnswer {
  const named = primary === undefined ? undefined : { host: primary, port: 6379 };
  return { from: at(from), primary: named, epoch, flags: ['master'], quorum: 2, replicas: 2 };
}

describe('newestAnswer', () => {
  it('takes the answer of the newest failover, whoever answers first', () => {
    const answers = [answer('cut off', 'old', 1), answer('b', 'new', 2), answer('c', undefined, 9)];
    expect(newestAnswer(answers)?.primary?.host).toBe('new');
  });

  it('none of a set that no sentinel knows', () => {
    expect(newestAnswer([answer('a', undefined)])).toBeUndefined();
  });
});

describe('noPrimary', () => {
  const failure = (host: string, message: string, code?: string) => ({
    from: at(host),
    error: Object.assign(new Error(message), { code }),
  });

  it.each([
    [
      'a wrong password',
      [],
      ['WRONGPASS invalid username-password pair'],
      'REDIS_DENIED',
      /sentinel a:26379 refuses/,
    ],
    ['no password', [], ['NOAUTH Authentication required.'], 'REDIS_DENIED', /refuses user and password/],
    ['a right that is lacking', [], ['NOPERM this user has no permissions'], 'REDIS_DENIED', /refuses/],
    [
      'an unknown name',
      ['b', 'c'],
      ['connect ECONNREFUSED'],
      'REDIS_PRIMARY_UNKNOWN',
      /no primary of the name "m"/,
    ],
    [
      'most are down',
      ['b'],
      ['connect ECONNREFUSED', 'connect EHOSTUNREACH'],
      'REDIS_UNREACHABLE',
      /names a primary/,
    ],
    [
      'a server',
      [],
      ["ERR unknown command 'SENTINEL'"],
      'REDIS_PRIMARY_UNKNOWN',
      /a:26379 is a Redis server, not/,
    ],
  ])('%s', (_what, unknowing, messages, code, words) => {
    const failures = messages.map((message, n) => failure(['a', 'd', 'e'][n] as string, message));
    const error = noPrimary(
      'm',
      unknowing.map(from => answer(from, undefined)),
      failures,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(words) });
    expect(error.remedy).toBeTruthy();
  });

  it('names every sentinel that is down', () => {
    const error = noPrimary(
      'm',
      [],
      [failure('a', 'connect ECONNREFUSED.'), failure('b', 'connect ETIMEDOUT')],
    );
    expect(error.message).toBe(
      'no Redis sentinel names a primary: a:26379 (connect ECONNREFUSED), b:26379 (connect ETIMEDOUT).',
    );
  });

  it('an authority that is not known', () => {
    const error = noPrimary(
      'm',
      [],
      [failure('a', 'self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT')],
    );
    expect(error).toBeInstanceOf(WalmqError);
    expect(error).toMatchObject({ code: 'REDIS_TLS_REFUSED', remedy: expect.stringContaining('tlsCa') });
  });
});
