import { createHash } from 'node:crypto';

/** Failed changes of one queue that failed for one reason. */
export interface FailureGroup {
  readonly queue: string;
  readonly table: string | null;
  /** With its numbers and quoted values replaced, so that many failures are one reason. */
  readonly reason: string;
  readonly count: number;
  /** Later changes of the same keys, which wait for them. */
  readonly parked: number;
  /** ISO 8601 */
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
}

export interface FailureReport {
  /** The largest first. */
  readonly groups: readonly FailureGroup[];
  /** Why there is no list, though something failed. */
  readonly problem?: string;
}

export const NO_FAILURES: FailureReport = { groups: [] };

/** Names a group in a page: a reason may hold what a page does not show. */
export function groupId({ queue, table, reason }: Pick<FailureGroup, 'queue' | 'table' | 'reason'>): string {
  return createHash('sha256')
    .update(JSON.stringify([queue, table, reason]))
    .digest('base64url')
    .slice(0, 22);
}
