import type { QueueConfig, WalmqConfigInput } from '@walmq/config';
import { readTrace, type Trace, type TracedChange, type TraceQuery } from '@walmq/operations';
import { auditSchemaSql, auditWorker } from '@walmq/sinks/audit';
import { changeLogSchemaSql, changeLogWorker } from '@walmq/sinks/change-log';
import type { ServerUrls } from '@walmq/testing';
import { startWorker, type WorkerDefinition, workerMetrics, workerSchemaSql } from '@walmq/worker';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished } from 'vitest';
import { CaptureWorld } from '../../apps/capture/test/capture-fixture.js';

/** For tests: a pipeline of a test's own, and the trace of what it did. */
export class TraceWorld {
  readonly capture: CaptureWorld;
  readonly pool: Pool;
  readonly redis: Redis;

  private constructor(capture: CaptureWorld, redisUrl: string) {
    this.capture = capture;
    this.pool = new Pool({ connectionString: capture.databaseUrl, max: 20 });
    // The servers may end before the pool's idle connections.
    this.pool.on('error', () => undefined);
    this.redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  }

  /** Starts capture too. `name` must be unique in the file and valid for a database and a slot. */
  static async start(
    servers: ServerUrls,
    name: string,
    input: {
      readonly schema: string;
      readonly queues: WalmqConfigInput['queues'];
      readonly outbox?: WalmqConfigInput['outbox'];
      /** Creates the audit log and the change log. */
      readonly withLogs?: boolean;
    },
  ): Promise<TraceWorld> {
    const logs = input.withLogs ? `${auditSchemaSql}${changeLogSchemaSql}` : '';
    const capture = await CaptureWorld.create(servers, name, {
      ...input,
      schema: `${workerSchemaSql}${logs}${input.schema}`,
    });
    const world = new TraceWorld(capture, servers.redis.url);
    onTestFinished(async () => {
      await world.pool.end();
      world.redis.disconnect();
      await capture[Symbol.asyncDispose]();
    });
    const running = capture.capture();
    onTestFinished(() => running.stop());
    return world;
  }

  get config() {
    return this.capture.config;
  }

  async sql(statement: string, values: unknown[] = []): Promise<void> {
    await this.capture.client.query(statement, values);
  }

  /** Resolves when all that has been committed so far is in the queues. */
  async captured(): Promise<void> {
    await this.capture.waitUntilAcknowledged();
  }

  work(definition: WorkerDefinition): { close(): Promise<void> } {
    const running = startWorker({
      definition,
      queues: this.config.queues,
      redis: this.redis,
      pool: this.pool,
      log: pino({ enabled: false }),
      metrics: workerMetrics(new Registry()),
    });
    let closed: Promise<void> | undefined;
    const close = () => (closed ??= running.close(0));
    onTestFinished(close);
    return { close };
  }

  /** The workers of the audit log and the change log. */
  keepLogs(): void {
    this.work(auditWorker({ pool: this.pool, rules: new Map() }));
    this.work(changeLogWorker({ pool: this.pool }));
  }

  queue(name: string): Queue {
    const { prefix } = this.config.queues[name] as QueueConfig;
    const queue = new Queue(name, { prefix, connection: this.redis });
    onTestFinished(() => queue.close());
    return queue;
  }

  async trace(query: TraceQuery, redis = this.redis): Promise<Trace> {
    return await readTrace({ config: this.config, database: this.pool, redis, query });
  }

  async row(table: string, ...key: string[]): Promise<Trace> {
    return await this.trace({ by: 'row', table, key });
  }

  /** Traces until the condition holds: workers and capture are still at it. */
  async rowOnce([table, ...key]: [string, ...string[]], holds: (trace: Trace) => boolean): Promise<Trace> {
    let last: Trace | undefined;
    await expect
      .poll(async () => {
        last = await this.row(table, ...key);
        return holds(last);
      })
      .toBe(true);
    return last as Trace;
  }
}

/** The state of each change in a queue, in the order of the stream. */
export function statesIn(trace: Trace, queue: string): (string | undefined)[] {
  return trace.changes.map(change => entryIn(change, queue)?.state);
}

export function entryIn(change: TracedChange | undefined, queue: string) {
  return change?.queues.find(entry => entry.queue === queue);
}
