import { describe, expect, it } from 'vitest';
import { addressesIn, candidatesOf } from './resolver-files.js';

const HOSTS = `127.0.0.1\tlocalhost
# 10.0.0.9 commented
10.0.0.7  Receiver.internal receiver # 10.0.0.8 receiver
fe80::1%lo0 localhost
fd00::7   receiver
nonsense  receiver`;

describe('addressesIn', () => {
  it.each([
    ['localhost', ['127.0.0.1']],
    ['receiver', ['10.0.0.7', 'fd00::7']],
    ['receiver.internal', ['10.0.0.7']],
    ['commented', []],
    ['10.0.0.7', []],
    ['crm.example.com', []],
    ['crm.localhost', ['127.0.0.1', '::1']],
  ])('of %s are %j', (name, addresses) => {
    expect(addressesIn(HOSTS, name)).toEqual(addresses);
  });

  it('knows localhost without a file', () => {
    expect(addressesIn('', 'localhost')).toEqual(['127.0.0.1', '::1']);
  });
});

describe('candidatesOf', () => {
  const CLUSTER = 'nameserver 10.0.0.10\nsearch shop.svc.example svc.example\noptions edns0 ndots:5\n';

  it.each([
    ['', 'crm.example.com', ['crm.example.com']],
    [CLUSTER, 'crm.shop', ['crm.shop.shop.svc.example', 'crm.shop.svc.example', 'crm.shop']],
    [CLUSTER, 'crm.example.com.', ['crm.example.com']],
    ['search a.example\ndomain b.example', 'crm', ['crm.b.example', 'crm']],
    ['; search a.example\nsearch b.example # c', 'crm.x', ['crm.x', 'crm.x.b.example']],
    ['search .', 'crm', ['crm']],
  ])('of %j and %s are %j', (resolvConf, name, candidates) => {
    expect(candidatesOf(resolvConf, name)).toEqual(candidates);
  });
});
