import { formatLsn, WalmqError } from '@walmq/change';
import type { Transaction } from '@walmq/replication';

/**
 * A fault of our own, as CHANGE_FAULT with its place: it must not pass for a lost connection, since it is there again at
 * every try. Any other is returned as it is.
 */
export function changeFault(
  cause: unknown,
  transaction: Pick<Transaction, 'commitLsn' | 'seq'> | undefined,
): unknown {
  if (!isProgrammingError(cause)) return cause;
  const where = transaction
    ? `in the transaction that commits at ${formatLsn(transaction.commitLsn)}, behind its change ${transaction.seq}`
    : 'between two transactions';
  return new WalmqError('CHANGE_FAULT', `capture cannot go on ${where}: ${(cause as Error).message}.`, {
    remedy: 'Report it with the log of this capture; nothing was acknowledged past it.',
    facts: { commitLsn: transaction && formatLsn(transaction.commitLsn), seq: transaction?.seq },
    cause,
  });
}

/** As JavaScript and Node.js throw them. */
function isProgrammingError(cause: unknown): boolean {
  if (cause instanceof WalmqError) return false;
  if ([TypeError, RangeError, ReferenceError, SyntaxError].some(kind => cause instanceof kind)) return true;
  return String((cause as { code?: unknown } | null)?.code).startsWith('ERR_');
}
