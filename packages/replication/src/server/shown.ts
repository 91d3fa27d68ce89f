import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { Relation } from '../protocol/messages.js';
import { Snapshot } from './snapshot.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;
/** Milliseconds of waiting after which `onLong` is called. */
const LONG_MS = 1000;

export interface ShownOptions {
  /** Id of the transaction that the stream is in: the lower 32 bits, as in the WAL. */
  readonly xid: number;
  /** Relations that the transaction writes to. */
  readonly relations: readonly Relation[];
  /** Aborts the wait. */
  readonly signal: AbortSignal;
  /** Called once if the wait takes longer than a second. */
  readonly onLong: () => void;
}

/**
 * `isUntouched`: the transaction is not visible yet, but has not changed the catalog entries of the relations. All entries are
 * visible, and the transaction holds no lock that altering a relation takes. A transaction keeps its locks while it waits for
 * a synchronous standby.
 */
const SHOWN_SQL = `SELECT pg_current_snapshot()::text AS snapshot,
  (SELECT count(*) FROM pg_class WHERE oid = ANY ($2::oid[])) = cardinality($2::oid[])
  AND (SELECT count(*) FROM pg_type WHERE oid = ANY ($3::oid[])) = cardinality($3::oid[])
  AND NOT EXISTS (
    SELECT FROM pg_locks own JOIN pg_locks held ON held.virtualtransaction = own.virtualtransaction
     WHERE own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted
       AND own.transactionid::text = $1::text
       AND held.locktype = 'relation' AND held.relation = ANY ($2::oid[]) AND held.granted
       AND held.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')) AS "isUntouched"`;

/**
 * Waits until this connection sees the catalog entries of the relations as the transaction of the stream left them. The
 * stream gets a commit as soon as it is in the WAL. Other connections see the commit only after the synchronous standbys have
 * confirmed it, which takes as long as a standby is missing. The last change of a catalog entry comes from this transaction,
 * or from a transaction that was already visible to this one, so waiting for this one is sufficient.
 * Returns false if the signal aborts the wait.
 */
export async function untilShown(client: ClientBase, options: ShownOptions): Promise<boolean> {
  const { xid, relations, signal, onLong } = options;
  const types = new Set(relations.flatMap(({ columns }) => columns.map(({ typeOid }) => typeOid)));
  const question = [String(xid), [...new Set(relations.map(({ oid }) => oid))], [...types]];
  const startedAtMs = performance.now();
  let isLong = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const { rows } = await client.query<{ snapshot: string; isUntouched: boolean }>(SHOWN_SQL, question);
    const { snapshot, isUntouched } = rows[0] as { snapshot: string; isUntouched: boolean };
    if (isUntouched || new Snapshot(snapshot).sees(xid)) return true;
    if (!isLong && performance.now() - startedAtMs > LONG_MS) {
      isLong = true;
      onLong();
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
  }
}
