import type { ClientBase } from 'pg';

/** What the walsender of a slot waits for, from pg_stat_activity. */
export interface SenderWait {
  readonly type: string | null;
  readonly event: string | null;
  /** Processes that hold the lock it waits for. */
  readonly blockers: readonly number[];
  readonly standbySlots: readonly StandbySlot[];
}

/** The state of a slot that synchronized_standby_slots names (PostgreSQL >= 17). */
export interface StandbySlot {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'logical' | 'lost' | 'inactive';
}

/** Undefined if no process with that id runs. */
export async function readSenderWait(client: ClientBase, pid: number): Promise<SenderWait | undefined> {
  const { rows } = await client.query<Omit<SenderWait, 'standbySlots'>>(
    `SELECT wait_event_type AS type, wait_event AS event,
            CASE wait_event_type WHEN 'Lock' THEN pg_blocking_pids(pid) ELSE '{}' END AS blockers
       FROM pg_stat_activity WHERE pid = $1`,
    [pid],
  );
  const [wait] = rows;
  return wait && { ...wait, standbySlots: isForStandbys(wait) ? await readStandbySlots(client) : [] };
}

/** In the order of the setting; empty if the setting is empty. */
export async function readStandbySlots(client: ClientBase): Promise<StandbySlot[]> {
  const { rows } = await client.query<StandbySlot>(
    `SELECT w.name, CASE WHEN s.slot_name IS NULL THEN 'missing' WHEN s.slot_type <> 'physical' THEN 'logical'
                         WHEN s.wal_status = 'lost' THEN 'lost' WHEN NOT s.active THEN 'inactive' ELSE 'ok' END AS state
       FROM (SELECT btrim(named, ' "') AS name, number
               FROM unnest(string_to_array(current_setting('synchronized_standby_slots', true), ','))
                    WITH ORDINALITY AS n (named, number)) w
       LEFT JOIN pg_replication_slots s ON s.slot_name = w.name
      WHERE w.name <> '' ORDER BY w.number`,
  );
  return rows;
}

const STATES: Readonly<Record<StandbySlot['state'], string>> = {
  ok: 'is behind',
  missing: 'does not exist',
  logical: 'is a logical one',
  lost: 'is lost',
  inactive: 'has no standby connected',
};

/** As a clause: `slot "standby" has no standby connected`. */
export function standbySlotText({ name, state }: StandbySlot): string {
  return `slot "${name}" ${STATES[state]}`;
}

/** Why the walsender sends nothing, as a clause; undefined if what it waits for is normal. */
export function stallReason(wait: SenderWait): string | undefined {
  if (isForStandbys(wait)) {
    const guilty = wait.standbySlots.filter(({ state }) => state !== 'ok');
    const slots = (guilty.length > 0 ? guilty : wait.standbySlots).map(standbySlotText).join(', ');
    return `PostgreSQL sends nothing that the standbys of synchronized_standby_slots do not have: ${slots}`;
  }
  if (wait.type === 'Lock')
    return `PostgreSQL's walsender waits for a lock that process ${wait.blockers.join(', ')} holds`;
  return undefined;
}

function isForStandbys({ event }: Pick<SenderWait, 'event'>): boolean {
  return event === 'WaitForStandbyConfirmation';
}
