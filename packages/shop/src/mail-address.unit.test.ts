import { describe, expect, it } from 'vitest';
import { isMailAddress, isSender } from './mail-address.js';

describe('isMailAddress', () => {
  it.each([
    'customer@example.com',
    'first.last+tag@mail.example.org',
    "o'brien@example.com",
    `${'a'.repeat(64)}@example.com`,
  ])('takes %s', text => {
    expect(isMailAddress(text)).toBe(true);
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
    'a@example.com\n',
    'a@example.com\0',
    'a b@example.com',
    '<script>@example.com',
    'größe@example.com',
    'a@exämple.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('refuses %j', text => {
    expect(isMailAddress(text)).toBe(false);
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
