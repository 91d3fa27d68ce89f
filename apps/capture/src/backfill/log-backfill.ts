import { qualifiedName } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { BackfillNotice } from './run-backfills.js';

/** A chunk is not worth a line: `walmq backfill --list` has the count. */
export function logBackfill(log: Logger, notice: BackfillNotice): void {
  if (notice.event === 'chunk') return;
  if (notice.event === 'interrupted') {
    log.warn(
      { event: 'backfill:interrupted', reason: notice.reason },
      `No backfill can run: ${notice.reason}`,
    );
    return;
  }
  const { id, queue, schema, table } = notice.backfill;
  const facts = { backfill: id, queue, table: qualifiedName({ schema, table }) };
  const name = `Backfill ${id} of ${facts.table} into "${queue}"`;
  switch (notice.event) {
    case 'started':
      log.info({ event: 'backfill:started', ...facts }, `${name} goes on`);
      break;
    case 'done':
      log.info({ event: 'backfill:done', ...facts }, `${name} is done`);
      break;
    case 'again':
      log.info(
        { event: 'backfill:again', ...facts, reason: notice.reason },
        `${name}: a chunk is read again`,
      );
      break;
    case 'failed':
      log.warn(
        { event: 'backfill:failed', ...facts, reason: notice.reason },
        `${name} has failed: ${notice.reason}`,
      );
      break;
  }
}
