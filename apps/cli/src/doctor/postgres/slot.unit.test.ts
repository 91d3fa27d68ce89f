import { toLsn } from '@walmq/change';
import type { SlotDetail } from '@walmq/operations';
import type { Slot } from '@walmq/replication';
import { describe, expect, it } from 'vitest';
import { activityChecks } from './activity.js';
import { slotChecks } from './slot.js';

const GB = 1024 ** 3;

const WELL: Slot & SlotDetail = {
  name: 'walmq',
  type: 'logical',
  plugin: 'pgoutput',
  database: 'shop',
  active: true,
  activePid: 42,
  confirmedFlushLsn: toLsn(1n),
  walStatus: 'reserved',
  retainedWalBytes: 1000,
  safeWalBytes: null,
  invalidationReason: null,
  failover: true,
};

describe('the slot', () => {
  it.each<[string, Partial<Slot & SlotDetail>, [string, string, string]]>([
    ['is well', {}, ['ok', 'ok', 'ok']],
    ['is nobody reading', { active: false, activePid: null }, ['ok', 'warning', 'ok']],
    ['is of another plugin', { plugin: 'wal2json' }, ['error', 'ok', 'ok']],
    ['is of another database', { database: 'stock' }, ['error', 'ok', 'ok']],
    ['is a physical one', { type: 'physical', plugin: null, database: null }, ['error', 'ok', 'ok']],
    ['is lost', { walStatus: 'lost' }, ['ok', 'ok', 'error']],
    ['is invalidated', { invalidationReason: 'idle_timeout' }, ['ok', 'ok', 'error']],
    ['is about to be lost', { walStatus: 'unreserved', safeWalBytes: -1 }, ['ok', 'ok', 'error']],
    ['is far from its limit', { retainedWalBytes: 7 * GB, safeWalBytes: 3 * GB }, ['ok', 'ok', 'ok']],
    ['is near its limit', { retainedWalBytes: 8 * GB, safeWalBytes: 2 * GB }, ['ok', 'ok', 'warning']],
    ['retains much, without a limit', { retainedWalBytes: 6 * GB }, ['ok', 'ok', 'warning']],
    ['has not retained yet', { retainedWalBytes: null }, ['ok', 'ok', 'ok']],
  ])('%s', (_name, facts, expected) => {
    const checks = slotChecks({ ...WELL, ...facts }, { name: 'walmq', database: 'shop' });
    expect(checks.map(({ status }) => status)).toEqual(expected);
  });

  it('says why it was lost, and how to go on', () => {
    const [, , wal] = slotChecks(
      { ...WELL, invalidationReason: 'idle_timeout' },
      { name: 'walmq', database: 'shop' },
    );
    expect(wal?.found).toContain('(idle_timeout)');
    expect(wal?.remedy).toMatch(/pg_drop_replication_slot\('walmq'\).*setup.*accept-loss/);
  });

  it.each([
    ['wal_removed', 'max_slot_wal_keep_size'],
    ['idle_timeout', 'idle_replication_slot_timeout'],
    ['wal_level_insufficient', 'wal_level'],
  ])('lost by %s: names the setting that did it, and no other', (invalidationReason, setting) => {
    const [, , wal] = slotChecks({ ...WELL, invalidationReason }, { name: 'walmq', database: 'shop' });
    const others = ['max_slot_wal_keep_size', 'idle_replication_slot_timeout', 'wal_level'];
    for (const other of others)
      expect(wal?.remedy?.includes(other), `${other} in: ${wal?.remedy}`).toBe(other === setting);
  });
});

describe('what else holds WAL back', () => {
  const waiting = (seconds: number | null) => ({ who: 'process 7', seconds, end: 'SELECT end();' });

  it('is nothing', () => {
    const checks = activityChecks({ transactions: [waiting(299), waiting(null)], idleSlots: [] });
    expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('is each old transaction and each idle slot, with the statement that ends it', () => {
    const checks = activityChecks({
      transactions: [waiting(300), waiting(4000)],
      idleSlots: [{ name: 'old', retainedWalBytes: 1536 }],
    });
    expect(checks).toEqual([
      expect.objectContaining({ check: 'open-transactions', status: 'warning', remedy: 'SELECT end();' }),
      expect.objectContaining({ check: 'open-transactions', status: 'warning' }),
      expect.objectContaining({ check: 'other-slots', found: expect.stringContaining('1.5 kB') }),
    ]);
  });
});
