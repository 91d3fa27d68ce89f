import { expect, it } from 'vitest';
import { replicationFailure } from './failure.js';

const PLACE = { committedUpTo: 0x2f12998n, transaction: undefined, table: undefined };

it.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', '57P01', '53300', '08006'])(
  'a stream that ends with %s is a lost connection, not a change that cannot be sent',
  code => {
    const cause = Object.assign(new Error('write failed'), { code });
    expect(replicationFailure(cause, 'walmq', PLACE as never).code).toBe('REPLICATION_LOST');
  },
);

it.each(['54000', '22021', 'XX000'])(
  'a stream that ends with %s has met a change that cannot be sent',
  code => {
    const cause = Object.assign(new Error('out of memory'), { code });
    expect(replicationFailure(cause, 'walmq', PLACE as never).code).toBe('CHANGE_UNREADABLE');
  },
);
