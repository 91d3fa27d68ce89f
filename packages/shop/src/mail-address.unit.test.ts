import { describe, expect, it } from 'vitest';
import { isSender, mailAddress } from './mail-address.js';

describe('mailAddress', () => {
  it.each([
    'customer@example.com',
    'first.last+tag@mail.example.org',
    "o'brien@example.com",
    'a&b@example.com',
    'user=tag@example.com',
    'first/last@example.com',
    '{team}!#$%*?^_`|~@example.com',
    'info@xn--exmple-cua.com',
    'größe@example.com',
    '用户@example.com',
    `${'a'.repeat(64)}@example.com`,
  ])('takes %s', text => {
    expect(mailAddress(text)).toBe(text);
  });

  it.each([
    [' a@example.com\n', 'a@example.com'],
    ['\ta@Example.COM ', 'a@example.com'],
    ['info@exämple.com', 'info@xn--exmple-cua.com'],
    ['info@例え.jp', 'info@xn--r8jz45g.jp'],
  ])('reads %j as %s', (text, address) => {
    expect(mailAddress(text)).toBe(address);
  });

  it.each([
    '',
    'customer',
    'customer@',
    '@example.com',
    'a@example.com, b@example.com',
    'a@example.com;b@example.com',
    'Customer <a@example.com>',
    '"a b"@example.com',
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com\0',
    'a b@example.com',
    '<script>@example.com',
    'a@b@example.com',
    '👍@example.com',
    `${'é'.repeat(33)}@example.com`,
    `${'a'.repeat(65)}@example.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('refuses %j', text => {
    expect(mailAddress(text)).toBeUndefined();
  });
});

describe('isSender', () => {
  it.each(['shop@example.com', 'Shop <shop@example.com>', '"Shop, Ltd." <shop@example.com>'])(
    'takes %s',
    text => {
      expect(isSender(text)).toBe(true);
    },
  );

  it.each(['', 'Shop', 'a@example.com, b@example.com', 'Shop <shop>', 'Team: a@example.com, b@example.com;'])(
    'refuses %j',
    text => {
      expect(isSender(text)).toBe(false);
    },
  );
});
