import { toLsn, WalmqError } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { recoveryOf, retryDelayMs } from '../session/recover.js';
import { changeFault } from './change-fault.js';

const AT = { commitLsn: toLsn(0x16b3748n), seq: 3 };
const own = () => JSON.parse('{') as unknown;
const thrownBy = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};
const server = (code: string) => Object.assign(new Error('it says no'), { code });

describe('what ended a session', () => {
  it.each([
    ['a fault of our own', thrownBy(own), 'CHANGE_FAULT', 'blocked'],
    ['a text longer than Node.js makes', server('ERR_STRING_TOO_LONG'), 'CHANGE_FAULT', 'blocked'],
    ['a connection that ended', new Error('Connection terminated unexpectedly'), 'REPLICATION_LOST', 'retry'],
    ['a connection that was cut', server('ECONNRESET'), 'REPLICATION_LOST', 'retry'],
    ['a server that shuts down', server('57P01'), 'REPLICATION_LOST', 'retry'],
    ['a connection exception', server('08006'), 'REPLICATION_LOST', 'retry'],
    ['no connection left', server('53300'), 'REPLICATION_LOST', 'retry'],
    ['anything else that the server says', server('XX000'), 'REPLICATION_REFUSED', 'retry'],
    [
      'an error with a code of its own',
      new WalmqError('SLOT_MISSING', 'it is gone.'),
      'SLOT_MISSING',
      'stop',
    ],
  ])('%s', (_, cause, code, recovery) => {
    expect(recoveryOf(changeFault(cause, AT), 'walmq')).toMatchObject({ error: { code }, recovery });
  });

  it('is named with its place', () => {
    expect(changeFault(new TypeError('x is undefined'), AT)).toMatchObject({
      message:
        'capture cannot go on in the transaction that commits at 0/16B3748, behind its change 3: x is undefined.',
    });
  });

  it('is tried again ever more seldom, up to a limit', () => {
    const delays = (recovery: 'retry' | 'blocked' | 'standby') =>
      [0, 1, 5, 20].map(attempt => retryDelayMs(recovery, attempt));
    expect(delays('retry')).toEqual([100, 200, 3200, 10_000]);
    expect(delays('blocked')).toEqual([100, 200, 3200, 60_000]);
    expect(delays('standby')).toEqual([500, 500, 500, 500]);
  });
});
