import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { Relation } from '../protocol/messages.js';
import { Snapshot } from './snapshot.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;
/** Milliseconds of waiting after which it is worth a word. */
const LONG_MS = 1000;

export interface ShownOptions {
  /** The transaction that the stream is in: 32 bits, as the WAL has it. */
  readonly xid: number;
  /** Those that it writes to. */
  readonly relations: readonly Relation[];
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called once when the wait has become long. */
  readonly onLong: () => void;
}

/**
 * Whether the transaction has left the catalog's entries of the relations alone, though it is not visible itself: all of
 * them are there, and it holds no lock that altering one of them takes. Its locks outlast its wait for a standby.
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
 * Waits until the catalog, as this connection sees it, shows the relations that a transaction of the stream writes to as it
 * has made them. The stream has a commit as soon as it is in the WAL, and everybody else once its synchronous standbys have
 * confirmed it, which may take as long as a standby is away. What made them is this transaction, or one whose work it has
 * seen, so that this one alone is to be waited for. False when the signal came first.
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
