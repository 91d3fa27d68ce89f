import { setTimeout as sleep } from 'node:timers/promises';
import { Snapshot, type Transaction } from '@walmq/replication';
import type { ClientBase } from 'pg';

/** Interval of looks for a transaction whose commit is in the stream but not yet in a snapshot. */
const LOOK_EVERY_MS = 50;

/** SQLSTATEs of a missing table or schema, and of a table that the role may not read. */
const ABSENT: ReadonlySet<unknown> = new Set(['42P01', '3F000']);
const FORBIDDEN = '42501';

/**
 * Verifies rewinds. A change is sent again as a logical message, which every role may send. So capture accepts such a
 * message only in a transaction that has written a page of a rewind (walmq.rewind_page), which takes a right on that
 * table. Reads the page once for all messages of a transaction.
 */
export class RewindPages {
  readonly #client: ClientBase;
  readonly #stopping: AbortSignal;
  #asked: { readonly transaction: Transaction; readonly answer: Promise<string | Error> } | undefined;

  constructor(client: ClientBase, stopping: AbortSignal) {
    this.#client = client;
    this.#stopping = stopping;
  }

  /** The queue that the transaction's rewind sends to, or an error with the reason why it sends nothing. */
  async queueOf(transaction: Transaction): Promise<string | Error> {
    if (this.#asked?.transaction !== transaction)
      this.#asked = { transaction, answer: this.#read(transaction.xid) };
    return await this.#asked.answer;
  }

  async #read(xid: number): Promise<string | Error> {
    try {
      while (true) {
        const { rows } = await this.#client.query<{ snapshot: string; queue: string | null }>(PAGE_OF, [xid]);
        const { snapshot, queue } = rows[0] as { snapshot: string; queue: string | null };
        if (queue !== null) return queue;
        // A commit that waits for a synchronous standby is in the stream before any query sees it.
        if (new Snapshot(snapshot).sees(xid)) return new Error('no rewind sends it');
        await sleep(LOOK_EVERY_MS, undefined, { signal: this.#stopping });
      }
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (ABSENT.has(code)) return new Error('there is no change log (walmq setup --change-log)');
      if (code !== FORBIDDEN) throw error;
      return new Error("capture's role lacks SELECT on walmq.rewind and walmq.rewind_page");
    }
  }
}

/** Extends the 32 bits of the stream to the 64-bit transaction id that is nearest to the current one. */
const PAGE_OF = `SELECT s.snapshot::text AS snapshot,
  (SELECT r.queue FROM walmq.rewind_page p JOIN walmq.rewind r ON r.id = p.rewind_id
    WHERE p.xid = (xmax + (($1::numeric - xmax) % 4294967296 + 6442450944) % 4294967296 - 2147483648)::text::xid8) AS queue
  FROM (SELECT pg_current_snapshot() AS snapshot, pg_snapshot_xmax(pg_current_snapshot())::text::numeric AS xmax) s`;
