import { describe, expect, it } from 'vitest';
import { isConnectionLost } from './connection-lost.js';

describe('isConnectionLost', () => {
  it.each([
    ["Stream isn't writeable and enableOfflineQueue options is false", 'ready', true],
    ['Connection is closed.', 'ready', true],
    ['read ECONNRESET', 'ready', true],
    ['whatever', 'reconnecting', true],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'ready', false],
    ['ENOSPC: no space left on device, write', 'ready', false],
  ] as const)('"%s" while the status is %s: %s', (message, status, lost) => {
    expect(isConnectionLost({ status }, new Error(message))).toBe(lost);
  });
});
