import { expect, it } from 'vitest';
import { libraryNames } from './unpack-redis.js';

it('reads the libraries off what apt-cache depends prints, real ones and first choices only', () => {
  const printed = `redis-tools
  Depends: adduser
  PreDepends: libc6
 |Depends: libsystemd0
  Depends: <libelogind0>
    libelogind0
  Depends: libstdc++6
  Depends: liblzf1
`;
  expect(libraryNames(printed)).toEqual(['libc6', 'libstdc++6', 'liblzf1']);
});
