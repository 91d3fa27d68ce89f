import { type Change, tableName } from '@walmq/change';
import {
  defineConfig,
  parseConfig,
  type QueueConfig,
  resolveConfig,
  type WalmqConfigInput,
} from '@walmq/config';
import { type LogEntry, logInto } from '@walmq/runtime';
import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { inBatches } from '../batch/in-batches.js';
import type { BatchContext } from '../define/batch.js';
import { checkDefinition } from '../define/check-definition.js';
import type { Handler, KitContext, WorkerDefinition } from '../define/define.js';
import { driftGuard } from '../failure/park-drift.js';
import type { Verdict } from '../failure/verdict.js';
import { alone } from '../run/alone.js';
import { type RunOptions, runJob } from '../run/run-job.js';
import { type MadeEffect, MemoryRecords, WatchedRecords } from './memory-records.js';
import type { Statement, TestClient } from './watched-client.js';

/** A change of any table, or an event: what the functions of `changesOf` return. */
export type TestChange = Omit<Change, 'key' | 'before' | 'after'> & {
  readonly key: object | null;
  readonly before: object | null;
  readonly after: object | null;
};

/** What a handler finds around it. */
export interface TestOptions {
  /** Runs the statements of `once`. Without it, each statement returns no rows. The test begins and ends its transaction. */
  readonly tx?: TestClient;
  /** Replaces fields of the `context` of `defineWorker`: a mailer that sends nothing. */
  readonly context?: Readonly<Record<string, unknown>> & {
    readonly [K in keyof KitContext | keyof BatchContext<Change>]?: never;
  };
  /** The input of `defineConfig`, for the queue's attempts, deadline, backoff and `expect`. Default: a queue with defaults. */
  readonly config?: WalmqConfigInput;
  /** Number of the attempt, from 1. The last one of the queue's `attempts` fails where others are retried. */
  readonly attempt?: number;
  /** `records` of an earlier test: what was done then is not done again. */
  readonly records?: MemoryRecords;
  /** Aborted: the process is stopping. */
  readonly stopping?: AbortSignal;
}

/** How one attempt at a change has ended. */
export interface TestedChange {
  /** As in the metrics of a worker; `completed` if the handler has returned. */
  readonly outcome: 'completed' | Verdict;
  /** The job's return value, of a change that is completed or dropped. */
  readonly result: unknown;
  /** What log and Bull Board show of the failure. Undefined for a completed change. */
  readonly reason: string | undefined;
  /** Code of the failure, if it has one. */
  readonly code: unknown;
  /** What the handler has thrown. */
  readonly error: unknown;
}

/** What handlers have done. */
export interface Traces {
  /** Effects outside PostgreSQL, in the order in which they began. */
  readonly effects: readonly MadeEffect[];
  /** Statements of `once`, in transactions that have committed. */
  readonly statements: readonly Statement[];
  /** Statements of `once`, in transactions that have rolled back. */
  readonly rolledBack: readonly Statement[];
  readonly log: readonly LogEntry[];
  /** For the option `records` of a later test. */
  readonly records: MemoryRecords;
}

/** What became of one change, and what its handler has done. */
export interface Tested extends TestedChange, Traces {}

/** What became of several changes, and what their handlers have done. */
export interface TestedAll extends Traces {
  /** One for each change, in their order. */
  readonly changes: readonly TestedChange[];
}

/**
 * Runs a worker's handler on a change, as a worker process does, but without servers: PostgreSQL and Redis are replaced
 * by records in memory. Several changes are one batch for a worker with `batch`; otherwise they run one after the other.
 * Throws the errors of a worker's start for a definition that does not fit its configuration.
 */
export async function testHandler(
  definition: WorkerDefinition,
  change: TestChange,
  options?: TestOptions,
): Promise<Tested>;
export async function testHandler(
  definition: WorkerDefinition,
  changes: readonly TestChange[],
  options?: TestOptions,
): Promise<TestedAll>;
export async function testHandler(
  definition: WorkerDefinition,
  given: TestChange | readonly TestChange[],
  options: TestOptions = {},
): Promise<Tested | TestedAll> {
  const kept = options.records ?? new MemoryRecords();
  const records = new WatchedRecords(kept, options.tx);
  const log: LogEntry[] = [];
  const run = attempts(withContext(definition, options.context), { options, records, log });
  const traces = () => ({
    effects: records.effects,
    statements: records.statements,
    rolledBack: records.rolledBack,
    log,
    records: kept,
  });
  if (!isList(given)) return { ...(await run(given)), ...traces() };
  const changes: TestedChange[] = [];
  if (definition.batch) changes.push(...(await Promise.all(given.map(run))));
  else for (const change of given) changes.push(await run(change));
  return { changes, ...traces() };
}

function isList(given: TestChange | readonly TestChange[]): given is readonly TestChange[] {
  return Array.isArray(given);
}

/** Makes the function that runs one attempt at a change. */
function attempts(
  definition: WorkerDefinition,
  parts: { readonly options: TestOptions; readonly records: WatchedRecords; readonly log: LogEntry[] },
): (change: TestChange) => Promise<TestedChange> {
  const { options, records } = parts;
  const config = queueOf(definition, options.config);
  const { stopping = new AbortController().signal } = options;
  const shared = { config, records, stopping, guard: driftGuard(config) };
  const log = logInto(entry => parts.log.push(entry));
  const perform = definition.batch
    ? // Nothing else comes: no need to wait.
      inBatches({ ...shared, log, metrics: unmeasured(), definition: { ...definition.batch, waitMs: 0 } })
    : alone({ ...shared, definition });
  return async change => {
    let verdict: 'processed' | Verdict | undefined;
    let failure: LogEntry | undefined;
    let error: unknown;
    const run: RunOptions = {
      config,
      stopping,
      redis: { hget: async () => JSON.stringify(change) } as unknown as Redis,
      metrics: { ...unmeasured(), finished: (_queue, _change, { outcome }) => (verdict = outcome) },
      figures: { done: () => undefined, notDone: () => undefined },
      log: logInto(entry => {
        parts.log.push(entry);
        if (entry.event === `change:${verdict}`) failure = entry;
      }),
      perform: async tried => {
        try {
          return await perform(tried);
        } catch (thrown) {
          error = thrown;
          throw thrown;
        }
      },
    };
    const ended = await runJob(jobOf(change, definition, config, options.attempt ?? 1), undefined, run).then(
      result => ({ result }),
      (thrown: unknown) => ({ thrown }),
    );
    // Not a change, or not a handler's fault.
    if (verdict === undefined && 'thrown' in ended) throw ended.thrown;
    const isProcessed = verdict === 'processed';
    return {
      outcome: verdict === undefined || verdict === 'processed' ? 'completed' : verdict,
      result: 'result' in ended ? ended.result : undefined,
      reason: isProcessed ? undefined : (failure?.error as string | undefined),
      code: isProcessed ? undefined : failure?.code,
      error: isProcessed ? undefined : error,
    };
  };
}

/** The queue of the configuration, or one that takes what the definition has handlers for. */
function queueOf(definition: WorkerDefinition, given: WalmqConfigInput | undefined): QueueConfig {
  const { queue, on, events } = definition;
  const input =
    given ??
    defineConfig({
      queues: {
        [queue]: on.size > 0 ? { tables: [...on.keys()], messages: events.size > 0 } : { messages: true },
      },
    });
  return checkDefinition(
    definition,
    resolveConfig(parseConfig(input, 'the configuration of the test')).queues,
  );
}

/** The definition, whose handlers find these fields in their context. */
function withContext(
  definition: WorkerDefinition,
  context: Readonly<Record<string, unknown>> = {},
): WorkerDefinition {
  const { on, events, batch } = definition;
  const given = (handlers: ReadonlyMap<string, Handler<Change>>) =>
    new Map(
      [...handlers].map(([name, handler]): [string, Handler<Change>] => [
        name,
        (change, kit) => handler(change, { ...kit, ...context }),
      ]),
    );
  return {
    ...definition,
    on: new Map([...on].map(([table, handlers]) => [table, given(handlers)])),
    events: given(events),
    ...(batch
      ? { batch: { ...batch, handler: (changes, kit) => batch.handler(changes, { ...kit, ...context }) } }
      : {}),
  };
}

/** Six hex digits, as capture's. */
const SOURCE = '7e5700';

/** The part of a job that an attempt uses. Redis is not there to move it. */
function jobOf(
  change: TestChange,
  definition: WorkerDefinition,
  { attempts }: QueueConfig,
  attempt: number,
): Job<Change> {
  const job = {
    id: `${change.id}-${SOURCE}`,
    name: nameOf(change, definition),
    // A handler gets what was JSON: no Date, no undefined.
    data: JSON.parse(JSON.stringify(change)),
    attemptsMade: attempt - 1,
    stalledCounter: 0,
    opts: { attempts },
    progress: 0,
    moveToWait: async () => {},
    moveToDelayed: async () => {},
    updateProgress: async () => {},
  };
  return job as unknown as Job<Change>;
}

/** The type of an event, the operation of any other change. */
function nameOf(change: TestChange, { on, events }: WorkerDefinition): string {
  const { type } = Object(change.after) as { type?: unknown };
  const isOutboxRow = change.op === 'insert' && events.size > 0 && !on.has(tableName(change));
  return typeof type === 'string' && (change.op === 'message' || isOutboxRow) ? type : change.op;
}

function unmeasured(): RunOptions['metrics'] {
  return {
    started() {},
    finished() {},
    batchEnded() {},
    batchSplit() {},
    stalled() {},
    pruned() {},
  };
}
