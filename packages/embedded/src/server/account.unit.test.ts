import { expect, it } from 'vitest';
import { nobodyOf } from './account.js';

it.each([
  ['root:x:0:0::/root:/bin/sh\nnobody:x:99:98:nobody:/:/sbin/nologin\n', { uid: 99, gid: 98 }],
  ['nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n', { uid: 65534, gid: 65534 }],
  ['', { uid: 65534, gid: 65534 }],
])('finds nobody in %j', (passwd, account) => {
  expect(nobodyOf(passwd)).toEqual(account);
});
