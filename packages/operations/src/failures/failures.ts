import { createHash } from 'node:crypto';
import { changeOf, type FailedJob, reasonOf, tableOf } from './failed-job.js';
import { normalizeReason } from './normalize-reason.js';

/** The fields that distinguish one kind of failure from another. */
export interface FailureKind {
  readonly queue: string;
  /** `orders`, or `sales.orders` outside schema public; null for a job that is no change. */
  readonly table: string | null;
  /** The reason without its numbers and quoted values, so that many failures have one reason. */
  readonly reason: string;
}

export interface FailureGroup extends FailureKind {
  readonly count: number;
  /** ISO 8601 */
  readonly firstFailedAt: string;
  readonly lastFailedAt: string;
  /** Number of later changes that wait behind them, up to MAX_COUNTED. Present only on request. */
  readonly parked?: number;
}

export interface FailureReport {
  /** The largest first. */
  readonly groups: readonly FailureGroup[];
  /** True if there are more failed jobs than were read. */
  readonly isPartial: boolean;
  /** Why there is no list although something failed. */
  readonly problem?: string;
}

/** The report of a pipeline in which nothing has failed. */
export const NO_FAILURES: FailureReport = { groups: [], isPartial: false };

/** The kind of a queue's failed job. */
export function kindOf(queue: string, job: Pick<FailedJob, 'data' | 'failedReason'>): FailureKind {
  return { queue, table: tableOf(changeOf(job)) ?? null, reason: normalizeReason(reasonOf(job)) };
}

/** Ten hex digits that name a kind on a page or a command line, where a reason could show private data. */
export function kindId({ queue, table, reason }: FailureKind): string {
  return createHash('sha256')
    .update(JSON.stringify([queue, table, reason]))
    .digest('hex')
    .slice(0, 10);
}

interface Gathered extends FailureKind {
  count: number;
  firstMs: number;
  lastMs: number;
  parked?: number;
}

/** The kinds among failed jobs, the largest first. */
export class FailureGroups {
  readonly #groups = new Map<string, Gathered>();

  /** Returns the group's name. */
  add(queue: string, job: Omit<FailedJob, 'id' | 'name'>): string {
    const kind = kindOf(queue, job);
    const id = kindId(kind);
    const failedMs = job.finishedOn ?? 0;
    const group = this.#groups.get(id) ?? { ...kind, count: 0, firstMs: failedMs, lastMs: failedMs };
    group.count += 1;
    group.firstMs = Math.min(group.firstMs, failedMs);
    group.lastMs = Math.max(group.lastMs, failedMs);
    this.#groups.set(id, group);
    return id;
  }

  park(id: string, parked: number): void {
    const group = this.#groups.get(id);
    if (group) group.parked = parked;
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
