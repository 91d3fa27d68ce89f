import type { Change, Row } from '@walmq/change';
import { isHold } from '@walmq/fanout';
import { MOST_FOLLOWED } from './find/search-queue.js';
import { type QueueFacts, whyOf } from './job-view.js';
import type { QueueReader } from './queue-reader.js';
import { keyOfChange, tableOfChange } from './read-logs.js';
import { jsonOf, storedChange } from './stored-change.js';
import type { BlockerView } from './trace.js';

/** States in the order in which they matter to those who wait. */
const WORST_FIRST = ['failed', 'delayed', 'active', 'waiting', 'parked', 'completed'] as const;

export interface BlockerOptions {
  /** Links that have been followed already. */
  readonly known: ReadonlyMap<string, readonly string[]>;
  readonly facts: QueueFacts;
  /** The change as a reader may see it. */
  readonly show: (change: Change) => Change;
}

/** What each of these parked jobs waits for. */
export async function readBlockers(
  reader: QueueReader,
  parkedIds: readonly string[],
  { known, facts, show }: BlockerOptions,
): Promise<Map<string, BlockerView>> {
  const unknown = parkedIds.filter(id => !known.has(id));
  const links = new Map(known);
  if (unknown.length > 0)
    for (const [id, children] of (await reader.descend(unknown, MOST_FOLLOWED)).links)
      links.set(id, children);
  const lines = parkedIds.map(id => lineBehind(id, links));
  const headIds = [...new Set(lines.flatMap(({ heads }) => heads))];
  const [places, jobs] = await Promise.all([reader.places(headIds), reader.jobs(headIds)]);
  const blockers = new Map<string, BlockerView>();
  for (const [index, id] of parkedIds.entries()) {
    const { heads, ahead, directly } = lines[index] as LineBehind;
    const ranked = heads
      .map(head => ({ head, at: headIds.indexOf(head) }))
      .sort((a, b) => rankOf(places[a.at]?.state) - rankOf(places[b.at]?.state))
      // What an operator paused does not go on by itself.
      .sort((a, b) => Number(isHold(b.head)) - Number(isHold(a.head)));
    const [worst] = ranked;
    if (!worst || directly === undefined) continue;
    const job = jobs[worst.at];
    const place = places[worst.at];
    const stored = job ? storedChange(job.data) : undefined;
    const change = stored && show(stored);
    blockers.set(id, {
      directly,
      jobId: worst.head,
      state: place?.state ?? 'waiting',
      // Of a failed change the reason says it.
      why: job && place && place.state !== 'failed' ? whyOf(job, place, facts) : null,
      op: job?.name ?? null,
      table: change ? tableOfChange(change) : null,
      key: change ? (keyOfChange(change) as Row | null) : null,
      failedReason: job?.failedReason || null,
      paused: isHold(worst.head) ? pausedBy(job?.data ?? null) : null,
      ahead,
      isLeast: !links.has(worst.head),
    });
  }
  return blockers;
}

function pausedBy(data: string | null): BlockerView['paused'] {
  const {
    by = 'unknown',
    at = '',
    reason = null,
  } = (jsonOf(data) ?? {}) as {
    by?: string;
    at?: string;
    reason?: string | null;
  };
  return { by, at, reason };
}

interface LineBehind {
  readonly directly: string | undefined;
  /** Jobs that wait for nothing, or that were not followed. */
  readonly heads: readonly string[];
  readonly ahead: number;
}

function lineBehind(id: string, links: ReadonlyMap<string, readonly string[]>): LineBehind {
  // The set grows while the loop walks it: from a job to those that it waits for.
  const seen = new Set([id]);
  const heads: string[] = [];
  for (const each of seen) {
    const children = links.get(each) ?? [];
    for (const child of children) seen.add(child);
    if (children.length === 0 && each !== id) heads.push(each);
  }
  return { directly: [...(links.get(id) ?? [])].sort().at(-1), heads, ahead: seen.size - 1 };
}

function rankOf(state: (typeof WORST_FIRST)[number] | undefined): number {
  return state === undefined ? WORST_FIRST.length : WORST_FIRST.indexOf(state);
}
