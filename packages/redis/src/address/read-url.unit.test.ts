import { describe, expect, it } from 'vitest';
import { redisUrlMistake } from './parse-address.js';
import { readRedisUrl } from './read-url.js';

const NOTHING = { username: undefined, password: undefined, tls: undefined, family: undefined, database: 0 };
const NO_FILES = { ca: undefined, cert: undefined, key: undefined, servername: undefined };

describe('readRedisUrl', () => {
  it.each([
    ['redis://localhost', { kind: 'server', at: { host: 'localhost', port: 6379 } }],
    [
      'redis://:p%40ss@h:7000/3',
      { kind: 'server', at: { host: 'h', port: 7000 }, password: 'p@ss', database: 3 },
    ],
    [
      'redis://user:a@b@h/',
      { kind: 'server', at: { host: 'h', port: 6379 }, username: 'user', password: 'a@b' },
    ],
    ['redis://[fd00::2]:6380?family=6', { kind: 'server', at: { host: 'fd00::2', port: 6380 }, family: 6 }],
    [
      'redis://h?db=2&password=x',
      { kind: 'server', at: { host: 'h', port: 6379 }, database: 2, password: 'x' },
    ],
    ['REDISS://h', { kind: 'server', at: { host: 'h', port: 6379 }, tls: NO_FILES }],
    [
      'rediss://h?tlsCa=/ca.pem&tlsCert=/c.pem&tlsKey=/k.pem&tlsServername=redis.internal',
      {
        kind: 'server',
        at: { host: 'h', port: 6379 },
        tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k.pem', servername: 'redis.internal' },
      },
    ],
    ['unix:///run/redis.sock', { kind: 'socket', path: '/run/redis.sock' }],
    [
      'redis+unix://user:pass@/run/a%20b.sock?db=4',
      { kind: 'socket', path: '/run/a b.sock', username: 'user', password: 'pass', database: 4 },
    ],
    [
      'redis+cluster://u:p@a:1,[::1]:2,c',
      {
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
          { host: 'c', port: 6379 },
        ],
        username: 'u',
        password: 'p',
      },
    ],
    [
      'redis+sentinel://u:p@a,b:5000/my%20master/2?sentinelUsername=s&sentinelPassword=a%26b',
      {
        kind: 'sentinel',
        sentinels: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 5000 },
        ],
        name: 'my master',
        username: 'u',
        password: 'p',
        database: 2,
        sentinel: { username: 's', password: 'a&b' },
        sentinelTls: undefined,
      },
    ],
    [
      'rediss+sentinel://a/m?tlsCa=/ca.pem&sentinelPassword=x@y',
      {
        kind: 'sentinel',
        sentinels: [{ host: 'a', port: 26_379 }],
        name: 'm',
        sentinel: { username: undefined, password: 'x@y' },
        tls: { ...NO_FILES, ca: '/ca.pem' },
        sentinelTls: { ...NO_FILES, ca: '/ca.pem' },
      },
    ],
    [
      'rediss+sentinel://a/m?sentinelTls=off',
      {
        kind: 'sentinel',
        sentinels: [{ host: 'a', port: 26_379 }],
        name: 'm',
        sentinel: { username: undefined, password: undefined },
        tls: NO_FILES,
        sentinelTls: undefined,
      },
    ],
  ])('%s', (url, expected) => {
    expect(readRedisUrl(url)).toEqual({ ...NOTHING, ...expected });
    expect(redisUrlMistake(url)).toBeUndefined();
  });

  it.each([
    ['localhost:6379', /^is not a redis:\/\/, .* or unix:\/\/ URL/],
    ['http://h', /^is not a redis:\/\//],
    ['redis://', /^names no host/],
    ['redis://:a/b@h', /^has a "\/" in user or password: write it as %2F/],
    ['redis://:a?b@h', /^has a "\?" in user or password: write it as %3F/],
    ['redis://:a#b@h', /^has a "#" in user or password: write it as %23/],
    ['redis://:a%zz@h', /^has a "%" that begins no encoded character: write it as %25/],
    ['redis://h:port', /^has a host that is not host:port/],
    ['redis://h:70000', /^has a host that is not host:port/],
    ['redis://a,b', /^names several hosts: write redis\+sentinel:\/\/ or redis\+cluster:\/\//],
    ['redis://h/first', /^names a database that is not a whole number/],
    ['redis://h?tlsCa=/ca.pem', /^has the parameter "tlsCa" without TLS: write rediss in place of redis/],
    ['redis://h?sentinelPassword=x', /^has an unknown parameter "sentinelPassword"; known are db, family/],
    ['rediss://h?tlsCert=/c.pem', /^needs both tlsCert and tlsKey/],
    ['redis://h?family=5', /^has a family that is not 4 or 6/],
    ['redis+cluster://h/1', /^names a database, and a Redis Cluster has only number 0/],
    ['redis+sentinel://h:26379', /^needs the name of the primary behind the hosts/],
    ['redis+sentinel://h/m/0/1', /^needs the name of the primary behind the hosts/],
    ['redis+sentinel://h/m/x', /^names a database that is not a whole number/],
    ['rediss+sentinel://h/m?sentinelTls=no', /^has a sentinelTls that is not on or off/],
    ['unix://run/redis.sock', /^needs three slashes/],
    ['unix://', /^names no socket/],
  ])('%s: a mistake in words', (url, words) => {
    expect(redisUrlMistake(url)).toMatch(words);
  });
});
