import { describe, expect, it } from 'vitest';
import { mistakeInHosts, urlsOfHosts } from './hosts.js';

describe('urlsOfHosts', () => {
  it.each([
    ['postgres://u:p@one/shop', ['postgres://u:p@one/shop']],
    [
      'postgres://u:p%2C@one:5433,two/shop?target_session_attrs=primary&sslmode=disable#x',
      ['postgres://u:p%2C@one:5433/shop?sslmode=disable#x', 'postgres://u:p%2C@two/shop?sslmode=disable#x'],
    ],
    [
      'postgresql://[::1]:5432,[fe80::2]/shop',
      ['postgresql://[::1]:5432/shop', 'postgresql://[fe80::2]/shop'],
    ],
    [
      'postgres://u@/shop?host=one,two&port=5433',
      ['postgres://u@/shop?host=one&port=5433', 'postgres://u@/shop?host=two&port=5433'],
    ],
    [
      'postgres://u@/shop?host=one%2Ctwo&port=1,2',
      ['postgres://u@/shop?host=one&port=1', 'postgres://u@/shop?host=two&port=2'],
    ],
    [
      'postgres:///shop?host=/run/one,/run/two',
      ['postgres:///shop?host=%2Frun%2Fone', 'postgres:///shop?host=%2Frun%2Ftwo'],
    ],
    ['postgres://u:a,b@one/shop', ['postgres://u:a,b@one/shop']],
  ])('%s', (url, expected) => {
    expect(urlsOfHosts(url)).toEqual(expected);
  });
});

describe('mistakeInHosts', () => {
  it.each([
    [
      'postgres://one,two/shop?target_session_attrs=standby',
      /target_session_attrs=standby.*read-write or primary/,
    ],
    ['postgres:///shop?host=one,two,three&port=1,2', /3 hosts and 2 ports/],
    ['postgres://one,two/shop?port=5433', /behind each host/],
  ])('%s', (url, expected) => {
    expect(mistakeInHosts(url)).toMatch(expected);
  });

  it.each(['any', 'read-write', 'primary'])('none: %s', attribute => {
    expect(mistakeInHosts(`postgres://one,two/shop?target_session_attrs=${attribute}`)).toBeUndefined();
  });
});
