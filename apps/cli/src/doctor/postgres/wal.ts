import { bytesText } from '@walmq/operations';
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
export function walChecks(facts: WalFacts, slot: { readonly active: boolean } | undefined): Check[] {
  return [
    walLevelCheck(facts),
    slotRoomCheck(facts, slot !== undefined),
    senderRoomCheck(facts, slot?.active ?? false),
    slotLimitCheck(facts),
    senderTimeoutCheck(facts),
  ];
}

function walLevelCheck({ walLevel, walLevelPending }: WalFacts): Check {
  if (walLevel === 'logical') return ok('wal-level', 'wal_level is logical');
  return error(
    'wal-level',
    `wal_level is ${walLevel}, not logical`,
    walLevelPending
      ? 'It is set already: restart PostgreSQL.'
      : 'ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL (a managed server has a parameter for it).',
  );
}

function slotRoomCheck({ maxSlots, usedSlots }: WalFacts, slotExists: boolean): Check {
  const found = `${usedSlots} of ${maxSlots} replication slots in use (max_replication_slots)`;
  if (slotExists || usedSlots < maxSlots) return ok('replication-slots', found);
  return error(
    'replication-slots',
    `${found}: no room for ours`,
    `ALTER SYSTEM SET max_replication_slots = ${Math.max(10, maxSlots + 5)}; then restart PostgreSQL; or drop a slot nobody needs.`,
  );
}

function senderRoomCheck({ maxSenders, usedSenders }: WalFacts, active: boolean): Check {
  const found = `${usedSenders} of ${maxSenders} WAL senders in use (max_wal_senders)`;
  if (usedSenders < maxSenders) return ok('wal-senders', found);
  const remedy = `ALTER SYSTEM SET max_wal_senders = ${Math.max(10, maxSenders + 5)}; then restart PostgreSQL.`;
  // The capture that reads the slot has its sender. A standby capture may find none when it takes over.
  return active
    ? warning('wal-senders', `${found}: none for a standby capture`, remedy)
    : error('wal-senders', `${found}: none for capture`, remedy);
}

function slotLimitCheck({ maxSlotWalKeepBytes, idleSlotTimeoutSeconds }: WalFacts): Check {
  if (idleSlotTimeoutSeconds > 0)
    return warning(
      'slot-wal-limit',
      `idle_replication_slot_timeout is ${idleSlotTimeoutSeconds} s: a capture that is away for longer loses its slot`,
      'ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();',
    );
  if (maxSlotWalKeepBytes < 0)
    return warning(
      'slot-wal-limit',
      'max_slot_wal_keep_size is -1: while capture is away, WAL grows until the disk is full',
      `ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf(); past that much the slot is lost instead, so choose what the disk bears.`,
    );
  return ok('slot-wal-limit', `a slot may retain ${bytesText(maxSlotWalKeepBytes)} (max_slot_wal_keep_size)`);
}

function senderTimeoutCheck({ walSenderTimeoutMs }: WalFacts): Check {
  const remedy = `ALTER SYSTEM SET wal_sender_timeout = '60s'; SELECT pg_reload_conf();`;
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
