import { bytesText } from '@walmq/operations';
import type { Provider } from '@walmq/setup';
import type { ClientBase } from 'pg';
import { type Check, error, ok, warning } from '../check.js';

/** The server's WAL settings, and the numbers of slots and senders in use. */
export interface WalFacts {
  readonly walLevel: string;
  /** True if another value is set and needs a restart. */
  readonly walLevelPending: boolean;
  readonly maxSlots: number;
  readonly usedSlots: number;
  readonly maxSenders: number;
  readonly usedSenders: number;
  /** -1: no limit. */
  readonly maxSlotWalKeepBytes: number;
  /** 0: never. */
  readonly walSenderTimeoutMs: number;
  /** 0, and before PostgreSQL 18: never. */
  readonly idleSlotTimeoutSeconds: number;
}

interface SettingRow {
  name: string;
  setting: string;
  unit: string | null;
  pending_restart: boolean;
}

const SETTINGS = [
  'wal_level',
  'max_replication_slots',
  'max_wal_senders',
  'max_slot_wal_keep_size',
  'wal_sender_timeout',
  'idle_replication_slot_timeout',
];

const MIB = 1024 * 1024;
/** 10 GiB. In the setting's own unit, because the parameter groups of providers take numbers only. */
const KEEP_MIB = '10240';
/** Smallest safe wal_sender_timeout. Capture sends a status message every second, and a few of them may be late. */
const SMALL_TIMEOUT_MS = 5000;

export async function readWal(client: ClientBase): Promise<WalFacts> {
  const settings = await client.query<SettingRow>(
    'SELECT name, setting, unit, pending_restart FROM pg_settings WHERE name = ANY ($1)',
    [SETTINGS],
  );
  const counts = await client.query<{ slots: number; senders: number }>(
    `SELECT (SELECT count(*) FROM pg_replication_slots)::int AS slots,
            (SELECT count(*) FROM pg_stat_replication)::int AS senders`,
  );
  const found = new Map(settings.rows.map(row => [row.name, row]));
  const number = (name: string) => Number(found.get(name)?.setting ?? 0);
  const keepMib = number('max_slot_wal_keep_size');
  return {
    walLevel: found.get('wal_level')?.setting ?? 'unknown',
    walLevelPending: found.get('wal_level')?.pending_restart ?? false,
    maxSlots: number('max_replication_slots'),
    usedSlots: counts.rows[0]?.slots ?? 0,
    maxSenders: number('max_wal_senders'),
    usedSenders: counts.rows[0]?.senders ?? 0,
    maxSlotWalKeepBytes: keepMib < 0 ? -1 : keepMib * MIB,
    walSenderTimeoutMs: number('wal_sender_timeout'),
    idleSlotTimeoutSeconds:
      number('idle_replication_slot_timeout') *
      (found.get('idle_replication_slot_timeout')?.unit === 'min' ? 60 : 1),
  };
}

/** `slot` is undefined if the slot does not exist yet and needs room. */
export function walChecks(
  facts: WalFacts,
  slot: { readonly active: boolean } | undefined,
  provider: Provider,
): Check[] {
  return [
    walLevelCheck(facts, provider),
    slotRoomCheck(facts, slot !== undefined, provider),
    senderRoomCheck(facts, slot?.active ?? false, provider),
    slotLimitCheck(facts, provider),
    senderTimeoutCheck(facts, provider),
  ];
}

function walLevelCheck({ walLevel, walLevelPending }: WalFacts, { enableLogical }: Provider): Check {
  if (walLevel === 'logical') return ok('wal-level', 'wal_level is logical');
  return error(
    'wal-level',
    `wal_level is ${walLevel}, not logical`,
    walLevelPending ? 'It is set already: restart PostgreSQL.' : enableLogical,
  );
}

function slotRoomCheck(
  { maxSlots, usedSlots }: WalFacts,
  slotExists: boolean,
  { setParameter }: Provider,
): Check {
  const found = `${usedSlots} of ${maxSlots} replication slots in use (max_replication_slots)`;
  if (slotExists || usedSlots < maxSlots) return ok('replication-slots', found);
  const value = String(Math.max(10, maxSlots + 5));
  return error(
    'replication-slots',
    `${found}: no room for ours`,
    `Drop a slot that nobody needs, or: ${setParameter({ name: 'max_replication_slots', value, restart: true })}`,
  );
}

function senderRoomCheck(
  { maxSenders, usedSenders }: WalFacts,
  active: boolean,
  { setParameter }: Provider,
): Check {
  const found = `${usedSenders} of ${maxSenders} WAL senders in use (max_wal_senders)`;
  if (usedSenders < maxSenders) return ok('wal-senders', found);
  const value = String(Math.max(10, maxSenders + 5));
  const remedy = setParameter({ name: 'max_wal_senders', value, restart: true });
  // The capture that reads the slot has its sender. A standby capture may find none when it takes over.
  return active
    ? warning('wal-senders', `${found}: none for a standby capture`, remedy)
    : error('wal-senders', `${found}: none for capture`, remedy);
}

function slotLimitCheck(
  { maxSlotWalKeepBytes, idleSlotTimeoutSeconds }: WalFacts,
  { setParameter }: Provider,
): Check {
  if (idleSlotTimeoutSeconds > 0)
    return warning(
      'slot-wal-limit',
      `idle_replication_slot_timeout is ${idleSlotTimeoutSeconds} s: a capture that is away for longer loses its slot`,
      setParameter({ name: 'idle_replication_slot_timeout', value: '0', restart: false }),
    );
  if (maxSlotWalKeepBytes < 0)
    return warning(
      'slot-wal-limit',
      'max_slot_wal_keep_size is -1: while capture is away, WAL grows until the disk is full',
      `${setParameter({ name: 'max_slot_wal_keep_size', value: KEEP_MIB, restart: false })} Beyond it the slot is lost instead, so choose what the disk bears.`,
    );
  return ok('slot-wal-limit', `a slot may retain ${bytesText(maxSlotWalKeepBytes)} (max_slot_wal_keep_size)`);
}

function senderTimeoutCheck({ walSenderTimeoutMs }: WalFacts, { setParameter }: Provider): Check {
  const remedy = setParameter({ name: 'wal_sender_timeout', value: '60000', restart: false });
  if (walSenderTimeoutMs === 0)
    return warning(
      'wal-sender-timeout',
      'wal_sender_timeout is 0: a capture whose machine died keeps the slot busy, and none takes over',
      remedy,
    );
  if (walSenderTimeoutMs < SMALL_TIMEOUT_MS)
    return warning(
      'wal-sender-timeout',
      `wal_sender_timeout is ${walSenderTimeoutMs} ms: a short hiccup cuts capture off`,
      remedy,
    );
  return ok('wal-sender-timeout', `wal_sender_timeout is ${walSenderTimeoutMs / 1000} s`);
}
