import type { Slot } from '@walmq/replication';
import { bytesText, type SlotDetail } from '@walmq/status';
import { type Check, error, ok, warning } from './check.js';

/** Retained WAL without a limit past which somebody should know. */
const MUCH_WAL_BYTES = 5 * 1024 ** 3;
/** Share of the limit that is left when it is time to worry. */
const LITTLE_LEFT = 0.25;

export function slotChecks(
  slot: (Slot & SlotDetail) | undefined,
  { name, database }: { name: string; database: string },
): Check[] {
  if (!slot)
    return [
      error(
        'slot',
        `there is no replication slot "${name}"`,
        'Run "npx walmq setup"; if there was one before, changes made since do not come: "npx walmq accept-loss" goes on without them.',
      ),
    ];
  return [kindCheck(slot, database), readerCheck(slot), walCheck(slot)];
}

function kindCheck({ name, plugin, database }: Slot, ours: string): Check {
  if (plugin === 'pgoutput' && database === ours) return ok('slot', `slot "${name}" exists`);
  return error(
    'slot',
    `slot "${name}" is ${plugin ? `of database "${database}" with plugin ${plugin}` : 'a physical one'}, not ours`,
    'Set another source.slot in walmq.config.ts and run "npx walmq setup".',
  );
}

function readerCheck({ active, activePid }: Slot & SlotDetail): Check {
  if (active) return ok('slot-reader', `a capture reads it (process ${activePid})`);
  return warning('slot-reader', 'no capture reads it, so WAL piles up', 'Run "npm run capture".');
}

function walCheck(slot: Slot & SlotDetail): Check {
  const { name, walStatus, invalidationReason, retainedWalBytes, safeWalBytes } = slot;
  const retained = retainedWalBytes ?? 0;
  const found = `it retains ${bytesText(retained)} of WAL`;
  if (walStatus === 'lost' || invalidationReason !== null)
    return error(
      'slot-wal',
      `the slot is lost (${invalidationReason ?? 'wal_removed'}): changes it had not delivered will not come`,
      `SELECT pg_drop_replication_slot('${name}'); then "npx walmq setup", then "npx walmq accept-loss --yes"; and raise max_slot_wal_keep_size.`,
    );
  if (walStatus === 'unreserved')
    return error(
      'slot-wal',
      `${found}, past max_slot_wal_keep_size: the next checkpoint may lose the slot`,
      'Start capture now, or raise max_slot_wal_keep_size and SELECT pg_reload_conf();',
    );
  if (safeWalBytes !== null && safeWalBytes < LITTLE_LEFT * (retained + safeWalBytes))
    return warning(
      'slot-wal',
      `${found}; ${bytesText(safeWalBytes)} more and it may be lost`,
      'See why capture is behind, or raise max_slot_wal_keep_size and SELECT pg_reload_conf();',
    );
  if (safeWalBytes === null && retained > MUCH_WAL_BYTES)
    return warning('slot-wal', found, 'See why capture is behind, before the disk is full.');
  return ok(
    'slot-wal',
    safeWalBytes === null ? found : `${found}, of which ${bytesText(safeWalBytes)} more may come`,
  );
}
