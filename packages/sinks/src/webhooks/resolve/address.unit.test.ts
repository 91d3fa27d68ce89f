import { describe, expect, it } from 'vitest';
import { addressRule, checkLiteral } from './address.js';

describe('addressRule', () => {
  const strict = addressRule([]);

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '::7f00:1',
    '::808:808',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '64:ff9b:1::1',
    'fec0::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    '::127.0.0.1',
  ])('refuses %s', address => {
    expect(strict.allows(address)).toBe(false);
  });

  it.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1::1', '::ffff:8.8.8.8'])('allows %s', address => {
    expect(strict.allows(address)).toBe(true);
  });

  it('allows what it is told to, and no more', () => {
    const rule = addressRule(['10.1.0.0/16', 'fd00::/8']);
    const addresses = ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '10.2.0.1', 'fc00::1', '127.0.0.1'];
    expect(addresses.map(address => rule.allows(address))).toEqual([true, true, true, false, false, false]);
  });

  it.each([
    'http://127.0.0.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://168.63.129.16/',
  ])('sees through %s', text => {
    expect(() => checkLiteral(new URL(text), strict)).toThrow(
      expect.objectContaining({ code: 'WEBHOOK_ADDRESS_REFUSED' }),
    );
  });
});
