import { withoutStop } from '@walmq/change';
import { bytesText, type SlotDetail } from '@walmq/operations';
import { isLost, lostCause, lostRemedy, type Slot, slotVerdict } from '@walmq/replication';
import { type Check, error, ok, warning } from '../check.js';

/** Retained WAL above which doctor warns if no limit is set. */
const MUCH_WAL_BYTES = 5 * 1024 ** 3;
/** Remaining share of the limit below which doctor warns. */
const LITTLE_LEFT = 0.25;

export function slotChecks(
  slot: (Slot & SlotDetail) | undefined,
  { name, database }: { name: string; database: string },
): Check[] {
  if (!slot) return [kindCheck(slot, { name, database })];
  return [kindCheck(slot, { name, database }), readerCheck(slot), walCheck(slot)];
}

/** Reports a lost slot as existing, because the check slot-wal reports the loss. */
function kindCheck(slot: Slot | undefined, ours: { name: string; database: string }): Check {
  const verdict = slotVerdict(slot, ours);
  if (verdict.verdict === 'ours' || verdict.verdict === 'lost')
    return ok('slot', `slot "${ours.name}" exists`);
  const { message, remedy = '' } = verdict.error;
  return error('slot', withoutStop(message), remedy);
}

function readerCheck({ active, activePid }: Slot & SlotDetail): Check {
  if (active) return ok('slot-reader', `a capture reads it (process ${activePid})`);
  return warning(
    'slot-reader',
    'no capture reads it, so WAL piles up',
    'Start capture as you deploy it, with "npx walmq capture".',
  );
}

function walCheck(slot: Slot & SlotDetail): Check {
  const { walStatus, invalidationReason, retainedWalBytes, safeWalBytes } = slot;
  const retained = retainedWalBytes ?? 0;
  const found = `it retains ${bytesText(retained)} of WAL`;
  if (isLost(slot))
    return error(
      'slot-wal',
      `the slot is lost (${invalidationReason ?? 'wal_removed'}): ${lostCause(slot)}, and changes it had not delivered will not come`,
      lostRemedy(slot),
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
