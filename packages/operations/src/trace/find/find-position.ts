import { lsnToHex, parseLsn, positionText, WalmqError } from '@walmq/change';
import { changeIdOf } from '../../failures/failed-job.js';
import { type LogAnswer, readLogs } from '../read-logs.js';
import type { TraceNote } from '../trace.js';
import { type Found, readerOf, type Scope } from './found.js';

/** How many numbers of a transaction to try. */
export const MOST_NUMBERS = 1000;
const AT_ONCE = 250;

const CHANGE_ID = /^([0-9A-F]{16}-\d{10})(?:-([0-9a-f]+))?$/i;

/** Finds one change by its id, or by the id of its job. Throws POSITION_INVALID. */
export async function findChange(scope: Scope, text: string): Promise<Found> {
  const [, position, tag] = CHANGE_ID.exec(text.trim()) ?? [];
  if (position === undefined)
    throw new WalmqError('POSITION_INVALID', `"${text}" is no id of a change.`, {
      remedy:
        'An id has 16 hex digits and 10 digits, as change.id and the job have it: 00000000019F2B40-0000000001. For a WAL position such as 0/19F2B40 use --lsn.',
    });
  const id = position.toUpperCase();
  const logs = scope.client ? await readLogs(scope.client, { changeIds: [id] }) : [];
  const found = await existing(scope, [id], tag?.toLowerCase());
  return { ...everywhere(scope, found, logs), title: `change ${id}`, changeIds: [id], notes: [] };
}

/**
 * Finds the changes of a transaction by the LSN of its commit. Their ids follow from it: the jobs of the first numbers are asked
 * for by name, so no queue is searched. Throws POSITION_INVALID.
 */
export async function findTransaction(scope: Scope, text: string): Promise<Found> {
  const hex = lsnToHex(lsnOf(text));
  const ids = Array.from({ length: MOST_NUMBERS }, (_, index) => positionText(hex, index + 1));
  const logs = scope.client ? await readLogs(scope.client, { changeIds: ids }) : [];
  const found = await existing(scope, ids, undefined);
  const last = ids.at(-1) as string;
  const isFull =
    [...found].some(id => id.startsWith(last)) ||
    logs.some(log => log.changes.some(({ change }) => change.id === last));
  const notes: TraceNote[] = isFull
    ? [
        {
          code: 'transaction-bound',
          queue: null,
          text: `The first ${MOST_NUMBERS} changes of the transaction were looked up. It has more.`,
        },
      ]
    : found.size === 0 && logs.every(log => log.changes.length === 0)
      ? [
          {
            code: 'transaction-bound',
            queue: null,
            text: `No transaction with a known change committed at this LSN (its first ${MOST_NUMBERS} changes were looked up). tx.lsn of a change is the LSN of its commit record, and walmq status shows ends of commits.`,
          },
        ]
      : [];
  return { ...everywhere(scope, found, logs), title: `transaction ${text}`, notes };
}

function lsnOf(text: string) {
  try {
    return parseLsn(text.trim());
  } catch (cause) {
    throw new WalmqError('POSITION_INVALID', `"${text}" is no LSN.`, {
      remedy: 'Write it as PostgreSQL does, e.g. 16/B374D848: tx.lsn of a change.',
      cause,
    });
  }
}

/** Ids of the jobs of these changes that some queue holds. */
async function existing(
  scope: Scope,
  changeIds: readonly string[],
  tag: string | undefined,
): Promise<Set<string>> {
  const tags = tag === undefined ? await tagsOf(scope) : [tag];
  const found = new Set<string>();
  for (const queue of Object.values(scope.config.queues)) {
    const reader = readerOf(scope, queue);
    for (const each of tags)
      for (let start = 0; start < changeIds.length; start += AT_ONCE) {
        const ids = changeIds.slice(start, start + AT_ONCE).map(id => `${id}-${each}`);
        if ((await reader.count(ids)) === 0) continue;
        for (const job of await reader.jobs(ids)) if (job) found.add(job.id);
      }
  }
  return found;
}

/** The tag of today's source; without a database the tags of some jobs. */
async function tagsOf(scope: Scope): Promise<string[]> {
  if (scope.tag !== undefined) return [scope.tag];
  const tags = new Set<string>();
  for (const queue of Object.values(scope.config.queues)) {
    const reader = readerOf(scope, queue);
    for (const set of ['wait', 'completed', 'failed', 'waiting-children', 'delayed', 'active'] as const)
      for (const id of await reader.endOf(set, { newest: true, from: 0, count: 1 })) {
        const changeId = changeIdOf(id);
        if (changeId !== undefined) tags.add(id.slice(changeId.length + 1));
      }
  }
  return [...tags];
}

function everywhere(scope: Scope, jobIds: ReadonlySet<string>, logs: readonly LogAnswer[]) {
  return { queues: Object.values(scope.config.queues), jobIds, logs, lines: new Map(), accepts: () => true };
}
