import { formatLsn, WalmqError } from '@walmq/change';
import { escapeLiteral } from 'pg';
import type { Slot } from './slot.js';

export type SlotVerdict =
  | { readonly verdict: 'ours'; readonly slot: Slot }
  /** `error`: SLOT_MISSING, SLOT_FOREIGN or SLOT_LOST. */
  | { readonly verdict: 'missing' | 'foreign' | 'lost'; readonly error: WalmqError };

/**
 * Decides whether a pipeline of `database` may use the slot of the configured name. Slots belong to the whole server, so the
 * name alone proves nothing. walmq must not touch a slot of another database, of a physical standby or of another plugin.
 */
export function slotVerdict(
  slot: Slot | undefined,
  { name, database }: { readonly name: string; readonly database: string },
): SlotVerdict {
  if (!slot) return { verdict: 'missing', error: slotMissing(name) };
  const foreign = foreignKind(slot, database);
  if (foreign !== undefined) return { verdict: 'foreign', error: slotForeign(slot, foreign) };
  if (isLost(slot)) return { verdict: 'lost', error: slotLost(slot) };
  return { verdict: 'ours', slot };
}

/** Describes a slot that no capture of this database may use, as a predicate; undefined if it may. */
export function foreignKind(
  { type, plugin, database }: Pick<Slot, 'type' | 'plugin' | 'database'>,
  ours: string,
): string | undefined {
  if (type === 'physical') return 'a physical slot';
  if (database !== ours) return `of database "${database}", not of "${ours}"`;
  return plugin === 'pgoutput' ? undefined : `of plugin ${plugin}, not of pgoutput`;
}

type LostSlot = Pick<Slot, 'name' | 'walStatus' | 'invalidationReason'>;

export function isLost({ walStatus, invalidationReason }: Omit<LostSlot, 'name'>): boolean {
  return walStatus === 'lost' || invalidationReason !== null;
}

/** Why the server invalidated a slot, and the setting that prevents it, by invalidation_reason. */
const CAUSES: Readonly<Record<string, readonly [cause: string, setting: string]>> = {
  wal_removed: [
    'the WAL it needs has been removed, since it was behind by more than max_slot_wal_keep_size',
    'raise max_slot_wal_keep_size',
  ],
  idle_timeout: [
    'nobody has read it for longer than idle_replication_slot_timeout',
    'run ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_reload_conf();',
  ],
  wal_level_insufficient: ['the server ran with a wal_level below logical', 'keep wal_level = logical'],
  rows_removed: [
    'rows of the catalog that it needs have been removed',
    'keep hot_standby_feedback on while the server is a standby',
  ],
};

/** Returns the cause of the loss as a clause: "nobody has read it for longer than idle_replication_slot_timeout". */
export function lostCause({ invalidationReason }: Omit<LostSlot, 'name'>): string {
  return causeOf(invalidationReason)[0];
}

/** Returns the commands that replace a lost slot, and the setting that prevents another loss. */
export function lostRemedy({ name, invalidationReason }: LostSlot): string {
  return (
    `Run SELECT pg_drop_replication_slot(${escapeLiteral(name)}); then "npx walmq setup", then ` +
    `"npx walmq accept-loss --yes"; and so that it does not happen again: ${causeOf(invalidationReason)[1]}.`
  );
}

/** Servers before PostgreSQL 17 report no reason: they invalidate a slot only because its WAL was removed. */
function causeOf(reason: string | null): readonly [cause: string, setting: string] {
  const known = CAUSES[reason ?? 'wal_removed'];
  return known ?? [`the server has invalidated it (${reason})`, 'see the log of PostgreSQL'];
}

function slotMissing(name: string): WalmqError {
  return new WalmqError('SLOT_MISSING', `there is no replication slot "${name}".`, {
    remedy:
      'Run "npx walmq setup". If there was one before (dropped, or left behind by a failover), changes made since ' +
      'do not reach the stream: "npx walmq accept-loss" goes on without them.',
  });
}

function slotForeign({ name }: Slot, kind: string): WalmqError {
  return new WalmqError('SLOT_FOREIGN', `slot "${name}" is ${kind}: walmq does not own it.`, {
    remedy: 'Leave it alone: set another source.slot in walmq.config.ts and run "npx walmq setup".',
    facts: { slot: name },
  });
}

function slotLost(slot: Slot): WalmqError {
  return new WalmqError('SLOT_LOST', `slot "${slot.name}" is lost: ${lostCause(slot)}.`, {
    remedy: `Changes since ${formatLsn(slot.confirmedFlushLsn)} are lost to the stream. ${lostRemedy(slot)}`,
    facts: { slot: slot.name, reason: slot.invalidationReason ?? 'wal_removed' },
  });
}
