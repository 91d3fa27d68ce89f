import { describe, expect, it } from 'vitest';
import { durabilityVerdict, type RedisPersistence } from './durability.js';

const ALWAYS: RedisPersistence = {
  appendonly: 'yes',
  appendfsync: 'always',
  maxmemoryPolicy: 'noeviction',
  hasWaitaof: false,
};
const EVERYSEC = { ...ALWAYS, appendfsync: 'everysec' };
const SILENT: RedisPersistence = {
  appendonly: undefined,
  appendfsync: undefined,
  maxmemoryPolicy: undefined,
  hasWaitaof: false,
};

describe('can a server keep the promise of durability?', () => {
  it.each([
    ['fsync, fsynced before every answer', 'fsync', ALWAYS, [], 'answer'],
    ['fsync, fsynced every second, no WAITAOF', 'fsync', EVERYSEC, ['REDIS_NOT_DURABLE'], 'answer'],
    ['fsync, fsynced every second, WAITAOF', 'fsync', { ...EVERYSEC, hasWaitaof: true }, [], 'waitaof'],
    [
      'fsync, no append-only file',
      'fsync',
      { ...ALWAYS, appendonly: 'no', hasWaitaof: true },
      ['REDIS_NOT_DURABLE'],
      'answer',
    ],
    [
      'any policy that evicts',
      'memory',
      { ...ALWAYS, maxmemoryPolicy: 'allkeys-lru' },
      ['REDIS_MAY_EVICT'],
      'answer',
    ],
    ['memory, no append-only file', 'memory', { ...ALWAYS, appendonly: 'no' }, [], 'answer'],
    ['replicated, no append-only file', { replicated: 2 }, { ...ALWAYS, appendonly: 'no' }, [], 'replicas'],
    ['a server that does not say', 'fsync', SILENT, ['REDIS_DURABILITY_UNKNOWN'], 'answer'],
  ] as const)('%s', (_name, durability, server, codes, by) => {
    const verdict = durabilityVerdict(durability, false, server);
    expect(verdict.errors.map(error => error.code)).toEqual(codes);
    if (codes.length === 0) expect(verdict.confirmation.by).toBe(by);
    for (const error of verdict.errors) expect(error.remedy).toBeTruthy();
  });

  it('takes the word of an operator for a server that does not say', () => {
    expect(durabilityVerdict('fsync', true, SILENT)).toMatchObject({ errors: [], unchecked: true });
  });

  it('does not take it against what the server says', () => {
    expect(durabilityVerdict('fsync', true, EVERYSEC).errors.map(error => error.code)).toEqual([
      'REDIS_NOT_DURABLE',
    ]);
  });
});
