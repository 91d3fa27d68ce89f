import {
  type Change,
  formatLsn,
  lsnFromHex,
  lsnToHex,
  parsePosition,
  positionText,
  type Row,
} from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { changeIdOf } from '../failures/failed-job.js';
import { readClientNames, workersIn } from '../status/count-workers.js';
import { absence, sourceNotes } from './absent.js';
import { readBlockers } from './blockers.js';
import { rowViewOf, withoutCovered } from './differences.js';
import { type Found, readerOf, type Scope } from './find/found.js';
import { hideInChange, isLogQueue, shownData } from './hide.js';
import { jobViewOf, spanOf, whyOf } from './job-view.js';
import type { Place, StoredJob } from './queue-reader.js';
import { type Actions, NO_ACTIONS, readActions, removalText } from './read-actions.js';
import { keyOfChange, type LogAnswer, type LoggedChange, readLogs, tableOfChange } from './read-logs.js';
import { NO_RECORDS, type Records, readRecords, recordKey } from './read-records.js';
import { storedChange } from './stored-change.js';
import type { QueueEntry, RowView, Trace, TracedChange, TraceQuery } from './trace.js';

interface AssembleOptions {
  readonly query: TraceQuery;
  readonly most: number;
}

/** A job of one queue with its place. */
interface HeldJob {
  readonly queue: QueueConfig;
  readonly job: StoredJob;
  readonly place: Place;
  /** As the queue shows it. */
  readonly change: Change | undefined;
}

/** Reads everything about the changes that were found: their jobs in every queue, records, logs. */
export async function assembleTrace(
  scope: Scope,
  found: Found,
  { query, most }: AssembleOptions,
): Promise<Trace> {
  const { client, tag } = scope;
  const foundInLogs = found.logs.flatMap(({ changes }) => changes);
  const all = [
    ...new Set([
      ...[...found.jobIds].map(id => changeIdOf(id) ?? id),
      ...foundInLogs.map(({ change }) => change.id),
      ...(found.changeIds ?? []),
    ]),
  ].sort();
  const shown = firstAndLast(all, most);
  const isShown = new Set(shown);
  const tags = new Set([...found.jobIds].map(id => id.slice((changeIdOf(id) ?? id).length + 1)));
  if (tag !== undefined) tags.add(tag);
  const jobIds = [
    ...new Set([
      ...[...found.jobIds].filter(id => isShown.has(changeIdOf(id) ?? id)),
      ...shown
        .filter(id => changeIdOf(`${id}-`) !== undefined)
        .flatMap(id => [...tags].map(each => `${id}-${each}`)),
    ]),
  ];
  const held = await readJobs(scope, found, jobIds);
  const logs = await logsOf(scope, found, shown);
  const records = client
    ? await readRecords(client, {
        queues: found.queues.map(({ name }) => name),
        changeIds: shown,
        source: tag,
      })
    : undefined;
  const actions = client ? await readActions(client, shown) : NO_ACTIONS;
  const entries = await entriesOf(scope, found, held);
  const moved = await movedKeys(scope, found, { held, logs, tags });
  const context = { scope, found, held, logs, records, actions, entries, moved };
  const oldest = await Promise.all(
    found.queues.map(async queue => [queue.name, await readerOf(scope, queue).oldestCompletedMs()] as const),
  );
  return {
    query,
    title: found.title,
    at: new Date().toISOString(),
    changes: shown.flatMap(id => changeOf(id, context) ?? []),
    omitted: all.length - shown.length,
    notes: [
      ...found.notes,
      ...sourceNotes({ queues: found.queues, oldestCompletedMs: new Map(oldest), logs, records, actions }),
    ],
    isHidden: false,
  };
}

/** The first quarter and the last three of many: where a line begins is as interesting as where it ends. */
function firstAndLast(ids: readonly string[], most: number): readonly string[] {
  if (ids.length <= most) return ids;
  const first = Math.floor(most / 4);
  return [...ids.slice(0, first), ...ids.slice(first - most)];
}

async function readJobs(
  scope: Scope,
  { queues, accepts }: Found,
  jobIds: readonly string[],
): Promise<HeldJob[]> {
  const held: HeldJob[] = [];
  for (const queue of queues) {
    const reader = readerOf(scope, queue);
    const jobs = (await reader.jobs(jobIds)).filter(job => job !== null);
    const places = await reader.places(jobs.map(({ id }) => id));
    for (const [index, job] of jobs.entries()) {
      const change = storedChange(job.data);
      if (change && !accepts(change, queue)) continue;
      const shown = change && shownData(Object.values(scope.config.queues), queue.name, change);
      held.push({ queue, job, place: places[index] as Place, change: shown });
    }
  }
  return held;
}

/** What the logs hold of the changes, without what the queues hide. */
async function logsOf(scope: Scope, found: Found, shown: readonly string[]): Promise<readonly LogAnswer[]> {
  const logs = await completedLogs(scope, found, shown);
  return logs.map(answer => ({ ...answer, changes: shownLogged(scope, answer.changes) }));
}

function shownLogged({ config }: Scope, logged: readonly LoggedChange[]): LoggedChange[] {
  const queues = Object.values(config.queues);
  return logged.map(({ log, change }) => ({ log, change: hideInChange(queues, change) }));
}

/** Asks the logs by id, where they were not asked by key. */
async function completedLogs(
  { client }: Scope,
  { logs }: Found,
  shown: readonly string[],
): Promise<readonly LogAnswer[]> {
  if (!client || shown.length === 0) return logs;
  if (logs.length > 0 && logs.every(({ problem }) => problem === undefined || problem === 'missing'))
    return logs;
  const byId = await readLogs(client, { changeIds: shown });
  return byId.map(answer => {
    const asked = logs.find(({ log }) => log === answer.log);
    return asked?.problem === undefined && asked
      ? asked
      : { ...answer, ...(asked?.problem ? { problem: asked.problem } : {}) };
  });
}

/** The entry of each held job, by `entryKey`. */
async function entriesOf(
  scope: Scope,
  { lines }: Found,
  held: readonly HeldJob[],
): Promise<Map<string, Pick<QueueEntry, 'state' | 'why' | 'job'>>> {
  const entries = new Map<string, Pick<QueueEntry, 'state' | 'why' | 'job'>>();
  const clients = held.length > 0 ? await readClientNames(scope.redis) : null;
  for (const queue of new Set(held.map(each => each.queue))) {
    const reader = readerOf(scope, queue);
    const own = held.filter(each => each.queue === queue);
    const parked = own.filter(({ place }) => place.state === 'parked').map(({ job }) => job.id);
    const facts = { isPaused: await reader.isPaused(), workers: workersIn(clients, queue) };
    const blockers = await readBlockers(reader, parked, {
      known: lines.get(queue.name)?.links ?? new Map(),
      facts,
      show: change => shownData(Object.values(scope.config.queues), queue.name, change),
    });
    for (const { job, place } of own)
      entries.set(entryKey(queue, job.id), {
        state: place.state,
        why: whyOf(job, place, facts),
        job: jobViewOf(job, place, blockers.get(job.id)),
      });
  }
  return entries;
}

function entryKey({ name }: QueueConfig, jobId: string): string {
  return `${name} ${jobId}`;
}

type Moves = ReadonlyMap<string, { readonly to: boolean; readonly key: Row | null; readonly change: string }>;

/**
 * An update that changes the key is a delete of the old key and an insert of the new one, with the next number. The stream does not
 * say that the two belong together, so any insert directly after a delete counts.
 */
async function movedKeys(
  scope: Scope,
  { queues }: Found,
  { held, logs, tags }: { held: readonly HeldJob[]; logs: readonly LogAnswer[]; tags: ReadonlySet<string> },
): Promise<Moves> {
  const own = new Map<string, Change>();
  for (const { change } of held) if (change) own.set(change.id, change);
  for (const { change } of logs.flatMap(({ changes }) => changes)) own.set(change.id, change);
  const wanted = new Map<string, Change>();
  for (const change of own.values()) {
    const step = change.op === 'delete' ? 1 : change.op === 'insert' ? -1 : 0;
    const neighbour = step === 0 ? undefined : neighbourOf(change.id, step);
    if (neighbour !== undefined && !own.has(neighbour)) wanted.set(neighbour, change);
  }
  const ids = [...wanted.keys()];
  const neighbours = new Map<string, Change>();
  if (ids.length > 0) {
    for (const queue of queues)
      for (const job of await readerOf(scope, queue).jobs(
        ids.flatMap(id => [...tags].map(tag => `${id}-${tag}`)),
      )) {
        const change = job ? storedChange(job.data) : undefined;
        if (change)
          neighbours.set(change.id, shownData(Object.values(scope.config.queues), queue.name, change));
      }
    const missing = ids.filter(id => !neighbours.has(id));
    if (scope.client && missing.length > 0)
      for (const { changes } of await readLogs(scope.client, { changeIds: missing }))
        for (const { change } of shownLogged(scope, changes)) neighbours.set(change.id, change);
  }
  return new Map(
    [...wanted].flatMap(([id, change]) => {
      const other = neighbours.get(id);
      const isPair =
        other !== undefined &&
        other.schema === change.schema &&
        other.table === change.table &&
        other.op === (change.op === 'delete' ? 'insert' : 'delete');
      return isPair
        ? [[change.id, { to: change.op === 'delete', key: keyOfChange(other), change: id }] as const]
        : [];
    }),
  );
}

function neighbourOf(id: string, step: number): string | undefined {
  const { lsn, seq } = parsePosition(id);
  return seq + step < 1 ? undefined : positionText(lsnToHex(lsn), seq + step);
}

interface Assembled {
  readonly scope: Scope;
  readonly found: Found;
  readonly held: readonly HeldJob[];
  readonly logs: readonly LogAnswer[];
  readonly records: Records | undefined;
  readonly actions: Actions;
  readonly entries: ReadonlyMap<string, Pick<QueueEntry, 'state' | 'why' | 'job'>>;
  readonly moved: Moves;
}

/** Undefined for a change of another row that was found in the same line. */
function changeOf(id: string, assembled: Assembled): TracedChange | undefined {
  const { logs, held, moved } = assembled;
  const actions = assembled.actions.byChange.get(id) ?? [];
  const jobs = held.filter(({ job }) => (changeIdOf(job.id) ?? job.id) === id);
  const logged = logs.flatMap(({ changes }) => changes).filter(({ change }) => change.id === id);
  const whole = jobs.filter(each => each.change);
  const best = whole.find(({ queue }) => !isLogQueue(queue.name)) ?? whole[0];
  const change = best?.change ?? logged[0]?.change;
  const queues = queueEntries(id, change, jobs, assembled);
  if (!change && queues.length === 0 && actions.length === 0) return undefined;
  const hex = /^[0-9A-F]{16}/.exec(id)?.[0];
  const traced = jobs.map(({ job }) => spanOf(job.opts)).find(span => span !== null);
  return {
    id,
    op: best?.job.name ?? change?.op ?? null,
    table: change ? tableOfChange(change) : null,
    key: change ? keyOfChange(change) : null,
    lsn: hex === undefined ? '' : formatLsn(lsnFromHex(hex)),
    transaction: change ? { xid: change.tx.xid, committedAt: change.tx.committedAt } : null,
    context: change?.context ?? null,
    rewound: change?.rewound ?? null,
    span: traced ?? null,
    rows: rowsOf(jobs, logged),
    logs: [...new Set(logged.map(({ log }) => log))],
    queues,
    actions,
    moved: moved.get(id) ?? null,
  };
}

function rowsOf(jobs: readonly HeldJob[], logged: readonly LoggedChange[]): RowView[] {
  const hasRows = ({ before, after }: Change) => before !== null || after !== null;
  const views = [
    ...jobs.flatMap(({ queue, change }) => (change ? [[queue.name, change] as const] : [])),
    ...logged.map(({ log, change }) => [log, change] as const),
  ].flatMap(([of, change]) => (hasRows(change) ? [rowViewOf(of, change)] : []));
  const isOfLog = ({ of: [name = ''] }: RowView) => isLogQueue(name);
  return withoutCovered(
    views.filter(view => !isOfLog(view)),
    views.filter(isOfLog),
  );
}

function queueEntries(
  id: string,
  change: Change | undefined,
  jobs: readonly HeldJob[],
  { scope, found, logs, records = NO_RECORDS, actions, entries }: Assembled,
): QueueEntry[] {
  return found.queues.flatMap(queue => {
    const key = recordKey(queue.name, id);
    const recorded = records.inbox.get(key);
    const inbox = recorded ? { doneAt: recorded.doneAt, result: recorded.result } : null;
    const effects = records.effects.get(key) ?? [];
    const own = jobs.filter(each => each.queue === queue);
    if (own.length > 0)
      return own.flatMap(({ job }) => {
        const entry = entries.get(entryKey(queue, job.id));
        return entry ? [{ queue: queue.name, ...entry, inbox, effects }] : [];
      });
    const route =
      change && queue.tables.find(({ schema, table }) => schema === change.schema && table === change.table);
    const absent = absence({
      changeId: id,
      op: change?.op ?? null,
      queue,
      route,
      inboxDone:
        recorded !== undefined || (effects.length > 0 && effects.every(({ state }) => state === 'done')),
      isRecorded: logs.some(
        ({ log, changes }) => log === queue.name && changes.some(each => each.change.id === id),
      ),
      removed: removalText(actions.byChange.get(id) ?? [], queue.name),
      checkpoint: scope.checkpoint,
    });
    return absent ? [{ queue: queue.name, ...absent, job: null, inbox, effects }] : [];
  });
}
