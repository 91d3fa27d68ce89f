import type { WorkerOptions } from 'bullmq';
import { type FlowJob, FlowProducer, type JobJson, type JobsOptions, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { keepJobsOf } from '../src/moves/keep-jobs.js';
import { type Finished, Moves } from '../src/moves/move-call.js';

export const LOCK_MS = 60_000;

export interface Held {
  readonly id: string;
  readonly token: string;
  readonly opts: JobsOptions;
  readonly attemptsMade: number;
  readonly isDeduplicated: boolean;
}

/** What one try to take jobs said when it found too few. */
export interface Shortage {
  readonly isLimited: boolean;
  readonly hasDelayed: boolean;
}

export interface SideOptions
  extends Pick<WorkerOptions, 'limiter' | 'metrics' | 'name' | 'removeOnComplete'> {
  /** Whether our script writes BullMQ's events. Default true. */
  readonly events?: boolean;
}

/** One queue whose jobs are moved by BullMQ's single scripts or by ours. */
export abstract class Side implements AsyncDisposable {
  readonly redis: Redis;
  readonly queue: Queue;
  readonly other: Queue;
  readonly flows: FlowProducer;
  readonly prefix: string;
  readonly held: Held[] = [];
  readonly shortages: Shortage[] = [];
  /** BullMQ's codes, in the order of the jobs to complete. */
  readonly codes: (number | string | undefined)[] = [];
  readonly options: SideOptions;
  #tokens = 0;

  constructor(url: string, prefix: string, options: SideOptions) {
    this.prefix = prefix;
    this.options = options;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
    const connection = this.redis;
    this.queue = new Queue('orders', { connection, prefix });
    this.other = new Queue('emails', { connection, prefix });
    this.flows = new FlowProducer({ connection, prefix });
  }

  /** Takes up to `n` jobs. */
  abstract take(n: number): Promise<void>;

  /** Completes the `n` jobs that were taken first, takes one for each, and up to `more`. */
  abstract finish(n: number, options?: { readonly more?: number; readonly isLast?: boolean }): Promise<void>;

  async add(ids: readonly string[], opts: JobsOptions = {}): Promise<void> {
    await this.queue.addBulk(
      ids.map(id => ({ name: 'insert', data: { of: id }, opts: { ...opts, jobId: id } })),
    );
  }

  /** The first waits for the second, and so on. */
  async addChain(ids: readonly string[], opts: JobsOptions = {}): Promise<void> {
    const tree = ids.toReversed().reduce<FlowJob | undefined>(
      (child, id) => ({
        name: 'insert',
        queueName: 'orders',
        data: { of: id },
        opts: { ...opts, jobId: id },
        ...(child ? { children: [child] } : {}),
      }),
      undefined,
    );
    await this.flows.add(tree as FlowJob);
  }

  protected newToken(): string {
    return `${this.prefix}:${this.#tokens++}`;
  }

  protected hold(id: string, token: string, data: JobJson): void {
    this.held.push({
      id,
      token,
      opts: (data.opts ?? {}) as JobsOptions,
      attemptsMade: Number(data.attemptsMade ?? 0),
      isDeduplicated: data.deduplicationId !== undefined,
    });
  }

  protected short(rateLimitMs: number, nextDelayed: number): void {
    this.shortages.push({ isLimited: rateLimitMs > 0, hasDelayed: nextDelayed > 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.queue.close(), this.other.close(), this.flows.close()]);
    this.redis.disconnect();
  }

  /** Every key below the prefix, without times, tokens, and the clients' own marks. */
  async dump(): Promise<Record<string, unknown>> {
    const keys = (await this.redis.keys(`${this.prefix}:*`)).sort();
    const entries = await Promise.all(keys.map(async key => [key, await this.#read(key)] as const));
    return JSON.parse(
      JSON.stringify(Object.fromEntries(entries))
        .replaceAll(this.prefix, 'P')
        .replaceAll(/(?<=[:,])1[789]\d{11}(?=[,}])/g, '"TIME"')
        .replaceAll(/\b1[789]\d{11}\b/g, 'TIME')
        .replaceAll(/"\d{15,}(?:\.\d+)?"/g, '"SCORE"'),
    );
  }

  async #read(key: string): Promise<unknown> {
    const { redis } = this;
    if (key.endsWith(':lock'))
      return `a lock ${(await redis.pttl(key)) > LOCK_MS / 2 ? 'in time' : 'out of time'}`;
    switch (await redis.type(key)) {
      case 'hash': {
        const hash = await redis.hgetall(key);
        // A scheduler's offset is the time of its creation within its period.
        return {
          ...hash,
          ...(hash.opts ? { opts: JSON.parse(hash.opts) } : {}),
          ...(hash.offset ? { offset: '' } : {}),
        };
      }
      case 'list':
        return await redis.lrange(key, 0, -1);
      case 'set':
        return (await redis.smembers(key)).sort();
      case 'zset': {
        // Jobs that one call completes have one time: their order is that of their ids.
        const members = await redis.zrange(key, '0', '-1', 'WITHSCORES');
        return key.endsWith(':completed') ? members.filter((_, at) => at % 2 === 0).sort() : members;
      }
      case 'stream':
        return (await redis.xrange(key, '-', '+')).map(([, fields]) => fields.join(' '));
      default:
        return await redis.get(key);
    }
  }
}

/** By BullMQ's single scripts, in the order in which a Worker calls them. */
export class BullmqSide extends Side {
  readonly #worker: Worker;

  constructor(url: string, prefix: string, options: SideOptions) {
    super(url, prefix, options);
    this.#worker = new Worker('orders', null, {
      ...options,
      connection: this.redis,
      prefix,
      autorun: false,
      lockDuration: LOCK_MS,
    });
  }

  async take(n: number): Promise<void> {
    for (let taken = 0; taken < n; taken++) if (!(await this.#takeOne())) return;
  }

  async finish(n: number, { more = 0, isLast = false } = {}): Promise<void> {
    let isDry = isLast;
    for (const { id, token, opts } of this.held.splice(0, n)) {
      const { removeOnComplete } = opts as { removeOnComplete?: boolean };
      const backend = this.#worker.getBackend();
      try {
        const { result } = await backend.moveToCompleted(
          { id, opts } as never,
          { of: id },
          removeOnComplete as boolean,
          token,
          !isLast,
        );
        this.codes.push(undefined);
        if (!isLast) isDry = !this.#accept(result ?? [], token);
      } catch (error) {
        this.codes.push((error as Error & { code: number }).code);
      }
    }
    for (let taken = 0; taken < more && !isDry; taken++) isDry = !(await this.#takeOne());
  }

  async #takeOne(): Promise<boolean> {
    const token = this.newToken();
    return this.#accept(await this.#worker.getBackend().moveToActive(token, this.options.name), token);
  }

  #accept([data, id, rateLimitMs = 0, nextDelayed = 0]: unknown[], token: string): boolean {
    if (data) this.hold(id as string, token, data as JobJson);
    else this.short(Number(rateLimitMs), Number(nextDelayed));
    return Boolean(data);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close();
    await super[Symbol.asyncDispose]();
  }
}

/** By our script. */
export class MovesSide extends Side {
  readonly #moves: Moves;

  constructor(url: string, prefix: string, options: SideOptions) {
    super(url, prefix, options);
    const { limiter, name, metrics, events = true } = options;
    this.#moves = new Moves(this.redis, `${prefix}:orders:`, {
      lockDuration: LOCK_MS,
      limiter,
      name,
      maxMetricsSize: metrics?.maxDataPoints,
      events,
    });
  }

  async take(n: number): Promise<void> {
    await this.#move([], n);
  }

  async finish(n: number, { more = 0, isLast = false } = {}): Promise<void> {
    const finished = this.held.splice(0, n).map(({ id, token, opts, attemptsMade, isDeduplicated }) => ({
      id,
      token,
      attemptsMade,
      isDeduplicated,
      returnValue: JSON.stringify({ of: id }),
      keepJobs: keepJobsOf(opts.removeOnComplete ?? this.options.removeOnComplete),
    }));
    await this.#move(finished, isLast ? 0 : finished.length + more);
  }

  async #move(finished: readonly Finished[], take: number): Promise<void> {
    const reply = await this.#moves.move({
      finished,
      take,
      spare: 0,
      token: this.newToken(),
      timestamp: Date.now(),
    });
    this.codes.push(...reply.refusals);
    for (const { id, token, data } of reply.taken) this.hold(id, token, data);
    if (reply.taken.length < take) this.short(reply.rateLimitMs, reply.nextDelayed);
  }
}
