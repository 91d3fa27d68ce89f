import { bytesText } from '@walmq/operations';
import { openTransactions, type Waiting } from '@walmq/setup';
import type { ClientBase } from 'pg';
import { type Check, ok, warning } from '../check.js';

interface OtherSlot {
  readonly name: string;
  readonly retainedWalBytes: number;
}

/** Other transactions and slots of the server that make it retain WAL. */
export interface ActivityFacts {
  /** Oldest open transactions, oldest first, including prepared transactions. */
  readonly transactions: readonly Waiting[];
  /** Inactive slots other than walmq's. */
  readonly idleSlots: readonly OtherSlot[];
}

/** Age above which doctor warns about an open transaction. Applications have no reason for longer transactions. */
const LONG_SECONDS = 300;

export async function readActivity(client: ClientBase, ourSlot: string): Promise<ActivityFacts> {
  const { rows } = await client.query<{ name: string; retained: string }>(
    `SELECT slot_name AS name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS retained
       FROM pg_replication_slots WHERE NOT active AND slot_name <> $1 AND restart_lsn IS NOT NULL ORDER BY 1`,
    [ourSlot],
  );
  return {
    transactions: await openTransactions(client),
    idleSlots: rows.map(({ name, retained }) => ({ name, retainedWalBytes: Number(retained) })),
  };
}

export function activityChecks({ transactions, idleSlots }: ActivityFacts): Check[] {
  const long = transactions.filter(({ seconds }) => (seconds ?? 0) >= LONG_SECONDS);
  const open = long.map(({ who, end }) =>
    warning('open-transactions', `${who}: WAL since it began is retained, and no slot can be made`, end),
  );
  const idle = idleSlots.map(({ name, retainedWalBytes }) =>
    warning(
      'other-slots',
      `nobody reads slot "${name}", which retains ${bytesText(retainedWalBytes)} of WAL`,
      `SELECT pg_drop_replication_slot('${name}'); if nobody needs it.`,
    ),
  );
  return [
    ...(open.length > 0
      ? open
      : [ok('open-transactions', `none is older than ${LONG_SECONDS / 60} minutes`)]),
    ...(idle.length > 0 ? idle : [ok('other-slots', 'no other slot is idle')]),
  ];
}
