import type { QueueConfig, Retention, TableRoute } from '@walmq/config';
import type { Actions } from './read-actions.js';
import type { LogAnswer } from './read-logs.js';
import type { Records } from './read-records.js';
import type { EntryState, TraceNote } from './trace.js';

/** Facts about a change whose job no queue of this name holds. */
export interface AbsentFacts {
  readonly changeId: string;
  /** Null if no source still holds the change itself. */
  readonly op: string | null;
  readonly queue: QueueConfig;
  /** How the queue takes the change's table today; undefined: not at all. */
  readonly route: TableRoute | undefined;
  readonly inboxDone: boolean;
  /** Whether the queue is that of a log which has the change's record. */
  readonly isRecorded: boolean;
  /** Who took the job out of the queue, as a sentence; undefined: nobody did, as far as the operators' log knows. */
  readonly removed: string | undefined;
  readonly checkpoint: string | undefined;
}

/** Why a queue has no job of a change. Undefined: the change is nothing to the queue. */
export function absence(
  facts: AbsentFacts,
): { readonly state: EntryState; readonly why: string | null } | undefined {
  const { changeId, op, queue, route, inboxDone, isRecorded, removed, checkpoint } = facts;
  if (isRecorded) return { state: 'done', why: 'The log has its record; its job is no longer kept.' };
  if (removed !== undefined) return { state: 'gone', why: removed };
  if (inboxDone)
    return { state: 'done', why: 'The inbox records that it was processed; its job is no longer kept.' };
  if (!route || op === null) return undefined;
  if (checkpoint !== undefined && changeId > checkpoint)
    return { state: 'expected', why: 'Capture has not enqueued it yet.' };
  if (route.operations && op !== 'read' && !([...route.operations] as string[]).includes(op))
    return { state: 'not-taken', why: `The queue takes no ${op} of this table.` };
  const filtered =
    queue.shape?.where || queue.shape?.transform ? ', or the filter of the queue left it out' : '';
  return {
    state: 'gone',
    why: `It has completed and is no longer kept (${keptText(queue.keepCompleted)}), or it was discarded${filtered}.`,
  };
}

/** `the last 1000, for 86400 s`. */
export function keptText({ count, ageSeconds }: Retention): string {
  const parts = [
    ...(count === undefined ? [] : [`the last ${count}`]),
    ...(ageSeconds === undefined ? [] : [`for ${ageSeconds} s`]),
  ];
  return parts.length === 0 ? 'all are kept' : `the queue keeps ${parts.join(', ')}`;
}

/** What the sources of a trace no longer hold. */
export function sourceNotes({
  queues,
  oldestCompletedMs,
  logs,
  records,
  actions,
}: {
  readonly queues: readonly QueueConfig[];
  readonly oldestCompletedMs: ReadonlyMap<string, number | undefined>;
  readonly logs: readonly LogAnswer[];
  readonly records: Records | undefined;
  readonly actions: Actions;
}): TraceNote[] {
  return [
    ...queues.flatMap(queue => keepNote(queue, oldestCompletedMs.get(queue.name))),
    ...logs.flatMap(logNote),
    ...(records ? recordNote(records) : []),
    ...(actions.problem ? [actionNote(actions.problem)] : []),
  ];
}

function keepNote({ name, keepCompleted }: QueueConfig, oldestMs: number | undefined): TraceNote[] {
  const { count, ageSeconds } = keepCompleted;
  if (count === undefined && ageSeconds === undefined) return [];
  const since =
    oldestMs === undefined
      ? 'it holds none now'
      : `the oldest was completed at ${new Date(oldestMs).toISOString()}`;
  const limits = [
    ...(count === undefined ? [] : [`the last ${count}`]),
    ...(ageSeconds === undefined ? [] : [`those of the last ${ageSeconds} s`]),
  ];
  return [
    {
      code: 'keep-completed',
      queue: name,
      text: `Queue ${name} keeps of its completed changes ${limits.join(', and of them ')} (keepCompleted): ${since}.`,
    },
  ];
}

const LOG_SETUP = { audit: '--audit', 'change-log': '--change-log' } as const;
const LOG_NAMES = { audit: 'audit log', 'change-log': 'change log' } as const;

function logNote({ log, problem, since, changes, isWhole }: LogAnswer): TraceNote[] {
  const name = LOG_NAMES[log];
  const note = (code: TraceNote['code'], text: string): TraceNote[] => [{ code, queue: null, text }];
  switch (problem) {
    case 'missing':
      return note(
        'no-log',
        `There is no ${name}. With one, changes are known after their jobs are gone: npx walmq setup ${LOG_SETUP[log]}`,
      );
    case 'forbidden':
      return note('log-forbidden', `This role may not read the ${name}.`);
    case 'unindexed':
      return note('log-index', `The ${name} has no index by key yet: npx walmq setup ${LOG_SETUP[log]}`);
    case undefined:
  }
  if (isWhole === false)
    return note(
      'search-bound',
      `The ${name} holds more changes of this row: the newest ${changes.length} were read.`,
    );
  return note(
    'no-log',
    since === null || since === undefined ? `The ${name} is empty.` : `The ${name} begins at ${since}.`,
  );
}

function recordNote({ problem }: Records): TraceNote[] {
  const note = (text: string): TraceNote[] => [{ code: 'inbox', queue: null, text }];
  if (problem === 'missing') return note('There is no inbox and no ledger of effects: npx walmq setup');
  if (problem === 'forbidden') return note('This role may not read the inbox and the ledger of effects.');
  return note(
    'Inbox and ledger of effects: workers prune rows whose job is gone, after WALMQ_INBOX_KEEP_HOURS.',
  );
}

function actionNote(problem: NonNullable<Actions['problem']>): TraceNote {
  const text =
    problem === 'missing'
      ? "There is no operators' log: npx walmq setup"
      : "This role may not read the operators' log: what people did to a change is not shown.";
  return { code: 'operator-log', queue: null, text };
}
