import { describe, expect, it } from 'vitest';
import { parseAddresses } from './addresses.js';
import { basePathOf, parseBasePath, withoutBasePath } from './base-path.js';

describe('parseBasePath', () => {
  it.each([
    ['', ''],
    ['/', ''],
    ['/ops/walmq', '/ops/walmq'],
    ['/ops/walmq/', '/ops/walmq'],
    ['/~ops/walmq-1.0', '/~ops/walmq-1.0'],
    ['ops', undefined],
    ['//evil.example', undefined],
    ['/ops//walmq', undefined],
    ['/ops/walmq//', undefined],
    ['/\\evil.example', undefined],
    ['/./evil', undefined],
    ['/ops/..', undefined],
    ['/a"><script>', undefined],
    ['/a b', undefined],
    ['/a;path=/', undefined],
    ['/a?b', undefined],
    ['/%2f', undefined],
    ['https://evil.example', undefined],
    ['/queues', undefined],
    ['/metrics/walmq', undefined],
    ['/queues-of-walmq', '/queues-of-walmq'],
  ])('of %j is %j', (text, path) => {
    expect(parseBasePath(text)).toBe(path);
  });
});

describe('basePathOf', () => {
  const rule = { proxies: parseAddresses(['10.0.0.0/8'])!, basePath: '/configured' };
  const asked = (peer: string, prefix?: string) => ({ peer, headers: { 'x-forwarded-prefix': prefix } });

  it.each([
    ['10.0.0.1', '/ops/walmq', '/ops/walmq'],
    ['10.0.0.1', '/', ''],
    ['10.0.0.1', undefined, '/configured'],
    ['10.0.0.1', '//evil.example', '/configured'],
    ['192.0.2.1', '/ops/walmq', '/configured'],
  ])('of %s with %j is %j', (peer, prefix, path) => {
    expect(basePathOf(asked(peer, prefix), rule)).toBe(path);
  });
});

describe('withoutBasePath', () => {
  it.each([
    ['/ops/queues?a=1', '/queues?a=1'],
    ['/ops', '/'],
    ['/ops?a=1', '/?a=1'],
    ['/ops/', '/'],
    ['/queues', '/queues'],
    ['/opsen', '/opsen'],
  ])('of %s is %s', (url, rest) => {
    expect(withoutBasePath(url, '/ops')).toBe(rest);
    expect(withoutBasePath(url, '')).toBe(url);
  });
});
