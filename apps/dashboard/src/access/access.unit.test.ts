import { describe, expect, it } from 'vitest';
import { hostnameOf, includesAddress, isLoopback, parseAddresses } from './addresses.js';
import { senderOf } from './origin.js';
import { hashPassword, nobodysHash, parseHash, verifyPassword } from './password.js';
import { SESSION_MS, Sessions } from './sessions.js';
import { networkOf } from './sign-in.js';
import { safePath } from './sign-in-page.js';
import { parseUsers } from './users.js';

describe('passwords', () => {
  it('verifies what it has hashed, and nothing else', async () => {
    const line = await hashPassword('pässword of ann');
    expect(line).not.toContain('ann');
    const hash = parseHash(line);
    if (hash === undefined) throw new Error('it cannot read its own hash');
    expect(await verifyPassword('pässword of ann', hash)).toBe(true);
    expect(await verifyPassword('pa\u0308ssword of ann', hash)).toBe(true);
    expect(await verifyPassword('password of ann', hash)).toBe(false);
    expect(await verifyPassword('', nobodysHash())).toBe(false);
  });

  it('gives one password two hashes', async () => {
    expect(await hashPassword('twice')).not.toBe(await hashPassword('twice'));
  });

  it.each([
    '',
    'scrypt$1$1$1$c2FsdHNhbHRzYWx0c2FsdA$kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk',
    'scrypt$32767$8$3$c2FsdHNhbHRzYWx0c2FsdA$kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk',
    'scrypt$8388608$8$3$c2FsdHNhbHRzYWx0c2FsdA$kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk',
    'scrypt$32768$8$3$c2FsdHNhbHRzYWx0c2FsdA$short',
  ])('refuses %j as a hash', text => {
    expect(parseHash(text)).toBeUndefined();
  });
});

describe('users', () => {
  const hash = 'scrypt$32768$8$3$c2FsdHNhbHRzYWx0c2FsdA$kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk';

  it('reads lines, and skips comments', () => {
    const users = parseUsers(
      `# staff\n\nann:operator:${hash}\r\nbob:read-only:${hash}\ncyd:states:${hash}\n`,
      'users',
    );
    expect([...users.values()].map(({ name, role }) => [name, role])).toEqual([
      ['ann', 'operator'],
      ['bob', 'read-only'],
      ['cyd', 'states'],
    ]);
  });

  it.each([
    [`ann:admin:${hash}`, 'Line 1 of users has no valid role (states, read-only or operator).'],
    [`\n:operator:${hash}`, 'Line 2 of users has no valid name (letters, digits and . _ @ -).'],
    ['ann:operator:hunter2', 'Line 1 of users has no valid scrypt hash.'],
    [`ann:operator:${hash}\nann:read-only:${hash}`, 'Line 2 of users names a user for the second time.'],
  ])('says what is wrong with %j', (text, message) => {
    expect(() => parseUsers(text, 'users')).toThrow(message);
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.org', false],
  ])('%s is of this machine alone: %s', (host, own) => {
    expect(isLoopback(host)).toBe(own);
  });

  it.each([
    ['example.org', 'example.org'],
    ['Example.org:80', 'example.org'],
    ['[::1]:9100', '::1'],
    ['127.0.0.1:9100', '127.0.0.1'],
  ])('finds the name in %s', (host, name) => {
    expect(hostnameOf(host)).toBe(name);
  });

  it('knows ranges, and IPv4 within IPv6', () => {
    const list = parseAddresses(['10.0.0.0/8', '::1']);
    if (list === undefined) throw new Error('these are addresses');
    expect(
      ['10.1.2.3', '::ffff:10.1.2.3', '::1', '11.0.0.1', ''].map(text => includesAddress(list, text)),
    ).toEqual([true, true, true, false, false]);
    expect(parseAddresses(['10.0.0.0/33'])).toBeUndefined();
    expect(parseAddresses(['ten'])).toBeUndefined();
  });

  it('believes no hop that a trusted proxy has not seen', () => {
    const proxies = parseAddresses(['10.0.0.0/8']);
    if (proxies === undefined) throw new Error('this is a range');
    const headers = { host: 'walmq', 'x-forwarded-for': '1.1.1.1, 2.2.2.2, 10.0.0.2' };
    expect(senderOf({ method: 'GET', peer: '10.0.0.1', headers }, { proxies }).address).toBe('2.2.2.2');
    expect(senderOf({ method: 'GET', peer: '3.3.3.3', headers }, { proxies }).address).toBe('3.3.3.3');
  });
});

describe('tries to sign in are counted', () => {
  const network = (address: string) => networkOf({ address });

  it.each([
    ['for an IPv6 network as one', '2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['for two of them apart', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['for two IPv4 addresses apart', '192.0.2.1', '192.0.2.2', false],
    ['for an IPv4 address alike, however it is written', '::ffff:192.0.2.1', '192.0.2.1', true],
    ['for two such apart', '::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
  ])('%s', (_what, one, other, same) => {
    expect(network(one) === network(other)).toBe(same);
  });
});

describe('sessions', () => {
  const ann = { name: 'ann', role: 'operator', hash: nobodysHash() } as const;

  it('ends after its time, and when it is closed', () => {
    let now = 0;
    const sessions = new Sessions(() => now);
    const [first, second] = [sessions.open(ann), sessions.open(ann)];
    expect(sessions.userOf(first)).toBe(ann);
    sessions.close(first);
    expect(sessions.userOf(first)).toBeUndefined();
    expect(sessions.userOf('made-up')).toBeUndefined();
    now = SESSION_MS;
    expect(sessions.userOf(second)).toBeUndefined();
  });

  it('keeps a bounded number', () => {
    const sessions = new Sessions(() => 0);
    const first = sessions.open(ann);
    let last = first;
    for (let count = 0; count < 10_000; count += 1) last = sessions.open(ann);
    expect(sessions.userOf(first)).toBeUndefined();
    expect(sessions.userOf(last)).toBe(ann);
  });
});

describe('where to go after the sign-in', () => {
  it.each([
    ['/queues?status=failed', '/queues?status=failed'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/.//evil.example', '/evil.example'],
    ['/x/..//evil.example?a', '/evil.example?a'],
    ['/%2e//evil.example', '/evil.example'],
    ['https://evil.example', '/'],
    ['javascript:alert(1)', '/'],
    [null, '/'],
  ])('of %j is %j', (asked, path) => {
    expect(safePath(asked)).toBe(path);
  });
});
