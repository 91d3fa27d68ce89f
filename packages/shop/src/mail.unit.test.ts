import { describe, expect, it } from 'vitest';
import { isMailAddress } from './mail.js';

describe('isMailAddress', () => {
  it.each(['customer@example.com', 'first.last+tag@mail.example.org'])('takes %s', text => {
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
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com\n',
    'a b@example.com',
  ])('refuses %j', text => {
    expect(isMailAddress(text)).toBe(false);
  });
});
