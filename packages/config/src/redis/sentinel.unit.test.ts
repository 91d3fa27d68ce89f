import { expect, it } from 'vitest';
import { parseConfig } from '../parse.js';
import { resolveConfig } from '../resolve.js';

const QUEUES = { orders: { table: 'orders' } };

const urlOf = (redis: object) => resolveConfig(parseConfig({ redis, queues: QUEUES }, 'test')).redis.url;

it.each([
  [{ hosts: ['s1', 's2:5000'], name: 'shop' }, 'redis+sentinel://s1,s2:5000/shop/0'],
  [
    {
      hosts: ['[::1]:26379'],
      name: 'my shop',
      database: 2,
      username: 'app',
      password: 'a/b@c',
      sentinelUsername: 'walmq',
      sentinelPassword: 'd&e',
      tls: true,
    },
    'rediss+sentinel://app:a%2Fb%40c@[::1]:26379/my%20shop/2?sentinelUsername=walmq&sentinelPassword=d%26e',
  ],
  [
    { hosts: ['s1'], name: 'shop', tls: { ca: '/ca.pem', servername: 'redis.internal' }, sentinelTls: false },
    'rediss+sentinel://s1/shop/0?tlsCa=%2Fca.pem&tlsServername=redis.internal&sentinelTls=off',
  ],
])('%j: the URL that says the same', (sentinel, url) => {
  expect(urlOf({ sentinel })).toBe(url);
});

it('is a mistake beside a URL, and without hosts or a name', () => {
  expect(() => urlOf({ url: 'redis://h', sentinel: { hosts: ['s1'], name: 'shop' } })).toThrow(
    'redis.sentinel: excludes "url": write one of the two',
  );
  expect(() => urlOf({ sentinel: { hosts: [] } })).toThrow(/redis.sentinel.hosts: must name a sentinel/);
});
