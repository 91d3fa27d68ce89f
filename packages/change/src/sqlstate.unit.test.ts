import { expect, it } from 'vitest';
import { isSqlstate } from './sqlstate.js';

it.each(['00000', '08006', '22P02', '2200H', '57P01', 'F0000', 'HV00A', 'P0001', 'XX000'])(
  '%s is of PostgreSQL',
  code => {
    expect(isSqlstate(code)).toBe(true);
  },
);

it.each(['EPIPE', 'EBUSY', 'EPERM', 'EINTR', 'ECONNRESET', 'ERR_SOCKET_CLOSED', '', undefined, 8006])(
  '%s is not',
  code => {
    expect(isSqlstate(code)).toBe(false);
  },
);
