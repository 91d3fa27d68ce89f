import { createHash } from 'node:crypto';
import type { FailedJob } from './filter.js';
import { normalizeReason } from './normalize-reason.js';

/** What tells one kind of failure from another. */
export interface FailureKind {
  readonly queue: string;
  /** Null for a job that is no change. */
  readonly table: string | null;
  /** With its numbers and quoted values replaced, so that many failures are one reason. */
  readonly reason: string;
}

export interface FailureGroup extends FailureKind {
  readonly count: number;
  /** ISO 8601 */
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
}

export interface FailureReport {
  /** The largest first. */
  readonly groups: readonly FailureGroup[];
  /** There are more than were read. */
  readonly isPartial: boolean;
  /** Why there is no list, though something failed. */
  readonly problem?: string;
}

export const NO_FAILURES: FailureReport = { groups: [], isPartial: false };

export function kindOf(
  queue: string,
  { data, failedReason }: Pick<FailedJob, 'data' | 'failedReason'>,
): FailureKind {
  const { table } = (data ?? {}) as { table?: unknown };
  return {
    queue,
    table: typeof table === 'string' ? table : null,
    reason: normalizeReason(failedReason ?? ''),
  };
}

/** Names a kind in a page: a reason may hold what a page does not show. */
export function kindId({ queue, table, reason }: FailureKind): string {
  return createHash('sha256')
    .update(JSON.stringify([queue, table, reason]))
    .digest('base64url')
    .slice(0, 22);
}

/** The kinds among failed jobs, the largest first. */
export class FailureGroups {
  readonly #groups = new Map<string, FailureKind & { count: number; firstMs: number; lastMs: number }>();

  add(queue: string, job: Omit<FailedJob, 'id' | 'name'>): void {
    const kind = kindOf(queue, job);
    const id = kindId(kind);
    const failedMs = job.finishedOn ?? 0;
    const group = this.#groups.get(id) ?? { ...kind, count: 0, firstMs: failedMs, lastMs: failedMs };
    group.count += 1;
    group.firstMs = Math.min(group.firstMs, failedMs);
    group.lastMs = Math.max(group.lastMs, failedMs);
    this.#groups.set(id, group);
  }

  report(isPartial: boolean): FailureReport {
    const groups = [...this.#groups.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ firstMs, lastMs, ...group }) => ({
        ...group,
        firstFailedAt: new Date(firstMs).toISOString(),
        lastFailedAt: new Date(lastMs).toISOString(),
      }));
    return { groups, isPartial };
  }
}
