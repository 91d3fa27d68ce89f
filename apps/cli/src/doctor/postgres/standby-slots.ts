import { type StandbySlot, standbySlotText } from '@walmq/operations';
import { type Check, error, ok } from '../check.js';

/** Checks synchronized_standby_slots (PostgreSQL >= 17): capture gets only changes that all these standbys have. */
export function standbySlotsCheck(slots: readonly StandbySlot[]): Check {
  if (slots.length === 0)
    return ok('standby-slots', 'capture waits for no standby (synchronized_standby_slots)');
  const names = slots.map(({ name }) => `"${name}"`).join(', ');
  const wrong = slots.filter(({ state }) => state !== 'ok');
  if (wrong.length === 0)
    return ok('standby-slots', `capture waits for the standbys of ${names}, which stream`);
  return error(
    'standby-slots',
    `synchronized_standby_slots: ${wrong.map(standbySlotText).join(', ')}, and capture gets nothing new until that standby has it`,
    'Start the standby, or correct its primary_slot_name; to go on without it, take the slot out of the setting: ' +
      "ALTER SYSTEM SET synchronized_standby_slots = ''; SELECT pg_reload_conf();",
  );
}
