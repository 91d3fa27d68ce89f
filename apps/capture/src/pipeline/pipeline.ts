import { formatPosition, LSN_ZERO, type Lsn, type Position } from '@walmq/change';
import type { ShardedEnqueuer } from '@walmq/fanout';
import { type ReplicationStream, Transaction } from '@walmq/replication';
import type { BackfillWindow } from '../backfill/window.js';
import { type HistoryProof, markOf } from '../progress/prove-history.js';
import { changeFault } from './change-fault.js';
import type { ChangeDecoder } from './decode-changes.js';
import type { ChangeRouter } from './route-change.js';
import { type ChangeCount, ChangeTally } from './tally-changes.js';
import type { ChangeTracer } from './trace.js';

export interface PipelineOptions {
  readonly stream: ReplicationStream;
  readonly publication: string;
  /** Proves that the stream is the one that the checkpoints count. */
  readonly history: HistoryProof;
  readonly decoder: ChangeDecoder;
  readonly router: ChangeRouter;
  readonly enqueuer: ShardedEnqueuer;
  /** Remembers the transactions that the stream brings. */
  readonly window: BackfillWindow;
  /** Every shard has the jobs of every change up to this position. */
  readonly resumeAfter: Position;
  readonly tracer: ChangeTracer | undefined;
  readonly onReceived: (lsn: Lsn) => void;
  /** Called after each run of messages, and before a wait. */
  readonly onChanges: (counts: readonly ChangeCount[]) => void;
}

/**
 * Decode, route, enqueue. Runs until the stream ends or breaks, or the session does; every `await` in here is back-pressure, which
 * fills the stream's buffer, which pauses the socket.
 */
export async function runPipeline(options: PipelineOptions): Promise<void> {
  const { stream, decoder, router, enqueuer, window, history, publication, tracer } = options;
  // As text, which sorts as positions do: a change's id is its position, so comparing makes nothing new for a change.
  const resumeAfter = formatPosition(options.resumeAfter);
  const tally = new ChangeTally();
  const report = () => {
    const counts = tally.take();
    if (counts.length > 0) options.onChanges(counts);
  };
  let transaction: Transaction | undefined;
  try {
    for await (const messages of stream) {
      let received = LSN_ZERO;
      for (const message of messages) {
        switch (message.tag) {
          case 'begin': {
            transaction = new Transaction(message);
            const mark = markOf(transaction, publication);
            history.began(transaction, mark);
            enqueuer.began(mark);
            window.began(message.xid);
            received = message.commitLsn;
            continue;
          }
          case 'commit':
            transaction = undefined;
            received = message.endLsn;
            enqueuer.advanceTo({ lsn: message.endLsn, seq: 0 });
            continue;
          case 'keepalive':
            if (transaction || message.walEnd === LSN_ZERO) continue;
            received = message.walEnd;
            history.reached(message.walEnd);
            enqueuer.advanceTo({ lsn: message.walEnd, seq: 0 });
            if (message.replyRequested) enqueuer.flushProgress();
            continue;
        }
        const decoded = decoder.decode(message, transaction);
        const changes = decoded instanceof Promise ? await decoded : decoded;
        if (!changes) return;
        for (const next of changes) {
          const { change } = next;
          // Enqueued by an earlier session, whose transaction the slot sends again as a whole.
          if (change.id <= resumeAfter) continue;
          const jobs = router.route(next);
          if (!jobs) continue;
          tally.add(change);
          const traced = tracer && transaction ? tracer.begin(change, transaction, jobs) : jobs;
          const full = enqueuer.add(traced, change.id);
          if (!full) continue;
          report();
          await full;
        }
      }
      report();
      options.onReceived(received);
      // The socket has nothing more to give for now: what is there goes out.
      if (stream.drained) enqueuer.flush();
    }
  } catch (cause) {
    report();
    throw changeFault(cause, transaction);
  }
}
