import { type Change, formatPosition, type Operation, toLsn } from '@walmq/change';
import { parseConfig, type QueueConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import { type ServerUrls, WAIT, World } from '@walmq/testing';
import { type BackoffOptions, type FlowJob, FlowProducer, type Job, type JobNode, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { vi } from 'vitest';
import { type PruneRegularlyOptions, pruneRegularly } from '../src/app/prune-regularly.js';
import type { BatchDefinition } from '../src/define/batch.js';
import type { Handler, WorkerDefinition } from '../src/define/define.js';
import { workerSchemaSql } from '../src/effects/schema.js';
import { workerMetrics } from '../src/metrics/metrics.js';
import { type RunningWorker, startWorker } from '../src/run/start.js';

export interface LogEntry {
  readonly event?: string;
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a job ended. */
export type Ending =
  | { readonly state: 'completed'; readonly result: unknown; readonly tries: number }
  | { readonly state: 'failed'; readonly reason: string; readonly tries: number };

interface AddOptions {
  readonly jobId?: string;
  readonly attempts?: number;
  readonly name?: string;
  readonly backoff?: BackoffOptions;
}

/** A database and a Redis prefix of a test's own, with workers that run inside the test. */
export class WorkerWorld {
  readonly registry = new Registry();
  readonly logged: LogEntry[] = [];
  readonly queues: Readonly<Record<string, QueueConfig>>;
  readonly #world: World;
  readonly #log: Logger;
  readonly #metrics = workerMetrics(this.registry);
  readonly #open = new Map<string, Queue<Change>>();
  readonly #running: RunningWorker[] = [];
  #lsn = 0x1000n;

  private constructor(world: World, queues: Readonly<Record<string, QueueConfig>>) {
    this.#world = world;
    this.queues = queues;
    this.#log = pino(
      { level: 'debug', formatters: { level: label => ({ level: label }) } },
      { write: (line: string) => this.logged.push(JSON.parse(line) as LogEntry) },
    );
  }

  /** `name` must be unique in the file and valid for a database. */
  static async create(
    servers: ServerUrls,
    name: string,
    options: { readonly schema?: string; readonly queues: WalmqConfigInput['queues'] },
  ): Promise<WorkerWorld> {
    const { queues } = resolveConfig(parseConfig({ redis: { prefix: name }, queues: options.queues }, name));
    const schema = `${workerSchemaSql}${options.schema ?? ''}`;
    return new WorkerWorld(await World.create(servers, name, { schema }), queues);
  }

  get databaseUrl(): string {
    return this.#world.databaseUrl;
  }

  get prefix(): string {
    return this.#world.name;
  }

  get pool(): Pool {
    return this.#world.pool;
  }

  get redis(): Redis {
    return this.#world.redis;
  }

  /** With another configuration where `queues` says so. */
  start(definition: WorkerDefinition, queues = this.queues): RunningWorker {
    const { redis, pool } = this;
    const running = startWorker({
      definition,
      queues,
      redis,
      pool,
      log: this.#log,
      metrics: this.#metrics,
    });
    this.#running.push(running);
    return running;
  }

  pruneRegularly(options: Pick<PruneRegularlyOptions, 'queues' | 'slot' | 'everyMs'>) {
    const { redis, pool } = this;
    const keepMs = 7 * 86_400_000;
    return pruneRegularly({
      redis,
      pool,
      keepMs,
      log: this.#log,
      metrics: this.#metrics,
      ...options,
    });
  }

  /** A change of the next transaction. */
  change<R extends object>(
    op: Operation,
    table: string,
    rows: { readonly before?: R; readonly after?: R },
    committedAt = '2026-03-01T12:00:00.000001Z',
  ): Change<R> {
    this.#lsn += 0x10n;
    const id = formatPosition({ lsn: toLsn(this.#lsn), seq: 1 });
    return {
      id,
      op,
      schema: 'public',
      table,
      key: null,
      before: rows.before ?? null,
      after: rows.after ?? null,
      tx: { xid: Number(this.#lsn), lsn: `0/${this.#lsn.toString(16).toUpperCase()}`, committedAt, seq: 1 },
    };
  }

  /** Adds a change as capture does, but for the order of its key. `jobId` makes it a redelivery, `name` an event. */
  async add<R extends object>(
    queueName: string,
    change: Change<R>,
    options: AddOptions = {},
  ): Promise<Job<Change>> {
    return await this.#queue(queueName).add(options.name ?? change.op, change as unknown as Change, {
      jobId: options.jobId ?? change.id,
      attempts: options.attempts ?? 5,
      backoff: options.backoff ?? { type: 'fixed', delay: 20 },
    });
  }

  /** Adds changes of one key, tied together as the enqueue script does it: each waits for the one before it. */
  async addInOrder<R extends object>(
    queueName: string,
    changes: readonly Change<R>[],
    attempts = 5,
  ): Promise<Job[]> {
    const flows = new FlowProducer({ connection: this.redis, prefix: this.prefix });
    try {
      const last = changes.reduce<FlowJob | undefined>(
        (before, change) => ({
          name: change.op,
          queueName,
          data: change,
          opts: { jobId: change.id, attempts, backoff: { type: 'fixed', delay: 20 } },
          ...(before ? { children: [before] } : {}),
        }),
        undefined,
      );
      const jobs: Job[] = [];
      for (let node: JobNode | undefined = await flows.add(last as FlowJob); node; node = node.children?.[0])
        jobs.unshift(node.job);
      return jobs;
    } finally {
      await flows.close();
    }
  }

  /** Waits for the end of a job. */
  async ending(queueName: string, job: Job<Change>): Promise<Ending> {
    return await vi.waitFor(async () => {
      const now = await this.#queue(queueName).getJob(job.id as string);
      if (!now?.finishedOn) throw new Error(`job ${job.id} of ${queueName} is ${await now?.getState()}`);
      const tries = now.attemptsMade;
      return now.failedReason && now.returnvalue === null
        ? { state: 'failed', reason: now.failedReason, tries }
        : { state: 'completed', result: now.returnvalue, tries };
    }, WAIT);
  }

  /** Adds a change and waits for its end. */
  async process<R extends object>(
    queueName: string,
    change: Change<R>,
    options: AddOptions = {},
  ): Promise<Ending> {
    return await this.ending(queueName, await this.add(queueName, change, options));
  }

  async rows<R extends object = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<R[]> {
    return await this.#world.rows<R>(sql, values);
  }

  async countOf(queueName: string, state: 'completed' | 'failed'): Promise<number> {
    return await this.#queue(queueName).getJobCountByTypes(state);
  }

  async stateOf(queueName: string, job: { readonly id?: string | undefined }): Promise<string> {
    return await this.#queue(queueName).getJobState(job.id as string);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map(worker => worker.close(0)));
    await Promise.all([...this.#open.values()].map(queue => queue.close()));
    await this.#world[Symbol.asyncDispose]();
  }

  #queue(name: string): Queue<Change> {
    const open = this.#open.get(name);
    if (open) return open;
    const queue = new Queue<Change>(name, { connection: this.redis, prefix: this.prefix });
    queue.on('error', () => {});
    this.#open.set(name, queue);
    return queue;
  }
}

/** The same worker, but each change's first try fails after its handler is done: as if the process had died there. */
export function failingAfterFirstTry({ queue, on, events, batch }: WorkerDefinition): WorkerDefinition {
  const failing =
    (handler: Handler<Change>): Handler<Change> =>
    async (change, context) => {
      const result = await handler(change, context);
      if (context.attempt === 1) throw new Error('died between the effect and its completion');
      return result;
    };
  return {
    queue,
    on: new Map(
      [...on].map(([table, handlers]) => [
        table,
        new Map([...handlers].map(([op, handler]) => [op, failing(handler)])),
      ]),
    ),
    events: new Map([...events].map(([type, handler]) => [type, failing(handler)])),
    ...(batch ? { batch: failingBatches(batch) } : {}),
  };
}

function failingBatches({ handler, size, waitMs }: BatchDefinition): BatchDefinition {
  return {
    size,
    waitMs,
    handler: async (changes, context) => {
      const results = (await handler(changes, context)) ?? changes.map(() => undefined);
      for (const change of changes)
        if (context.job(change).attempt === 1)
          context.fail(change, new Error('died between the effect and its completion'));
      return results;
    },
  };
}
