import { PROVIDERS, type Provider } from '@walmq/setup';
import { describe, expect, it } from 'vitest';
import { serverChecks } from './server.js';
import { type WalFacts, walChecks } from './wal.js';

const WELL: WalFacts = {
  walLevel: 'logical',
  walLevelPending: false,
  maxSlots: 10,
  usedSlots: 1,
  maxSenders: 10,
  usedSenders: 1,
  maxSlotWalKeepBytes: 10 * 1024 ** 3,
  walSenderTimeoutMs: 60_000,
  idleSlotTimeoutSeconds: 0,
};
const [OWN] = PROVIDERS as [Provider];
const READ = { active: true };
const UNREAD = { active: false };

describe('the settings around WAL', () => {
  it('are well', () => {
    expect(walChecks(WELL, READ, OWN).map(({ status }) => status)).toEqual(Array(5).fill('ok'));
  });

  it.each<[string, Partial<WalFacts>, { active: boolean } | undefined, string, string, RegExp]>([
    ['wal_level', { walLevel: 'replica' }, READ, 'wal-level', 'error', /ALTER SYSTEM SET wal_level/],
    [
      'wal_level set, not restarted',
      { walLevel: 'replica', walLevelPending: true },
      READ,
      'wal-level',
      'error',
      /restart PostgreSQL/,
    ],
    ['no room for a slot', { usedSlots: 10 }, undefined, 'replication-slots', 'error', /= 15;/],
    ['no room, but ours is there', { usedSlots: 10 }, READ, 'replication-slots', 'ok', /^$/],
    ['no sender for capture', { usedSenders: 10 }, UNREAD, 'wal-senders', 'error', /max_wal_senders = 15;/],
    ['no sender for a standby capture', { usedSenders: 10 }, READ, 'wal-senders', 'warning', /./],
    ['no limit of WAL', { maxSlotWalKeepBytes: -1 }, READ, 'slot-wal-limit', 'warning', /10240/],
    ['idle slots are lost', { idleSlotTimeoutSeconds: 60 }, READ, 'slot-wal-limit', 'warning', /idle_rep/],
    ['no timeout', { walSenderTimeoutMs: 0 }, READ, 'wal-sender-timeout', 'warning', /60000/],
    ['a short timeout', { walSenderTimeoutMs: 4999 }, READ, 'wal-sender-timeout', 'warning', /60000/],
    ['a timeout just long enough', { walSenderTimeoutMs: 5000 }, READ, 'wal-sender-timeout', 'ok', /^$/],
  ])('%s', (_name, facts, slot, check, status, remedy) => {
    const found = walChecks({ ...WELL, ...facts }, slot, OWN).find(one => one.check === check);
    expect(found?.status).toBe(status);
    expect(found?.remedy ?? '').toMatch(remedy);
  });
});

describe('the server', () => {
  it.each<[number, boolean, string[]]>([
    [130_014, false, ['error', 'ok']],
    [140_000, false, ['ok', 'ok']],
    [180_001, false, ['ok', 'ok']],
    [190_000, false, ['warning', 'ok']],
    [170_002, true, ['ok', 'error']],
  ])('%i, in recovery: %s', (version, inRecovery, expected) => {
    const checks = serverChecks({
      version,
      inRecovery,
      walLevel: 'logical',
      database: 'shop',
      role: 'app',
      provider: OWN,
    });
    expect(checks.map(({ status }) => status)).toEqual(expected);
  });
});
