import type { Change } from '@walmq/change';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { eventually } from '@walmq/testing';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MovingWorker } from '../src/moves/moving-worker.js';
import { MovesSide } from './moves-contract-fixture.js';

const JOBS = 3000;
const CONCURRENCY = 2;
/** After so many jobs a handler looks whether the worker holds some. */
const LOOKS_EVERY = 100;
const IDS = Array.from({ length: JOBS }, (_, n) => `j${1000 + n}`);

/** A queue with a backlog. Handlers are fast until the worker holds jobs. From then on they hang, until the gate opens. */
class Backlog extends MovesSide {
  readonly begun: string[] = [];
  isHanging = false;
  open = () => {};
  #gate = Promise.resolve();
  #hangsFrom: string | undefined;

  static async create(url: string, prefix: string): Promise<Backlog> {
    const backlog = new Backlog(url, prefix, {});
    await backlog.add(IDS);
    return backlog;
  }

  start(connection: Redis = this.redis, lockMs = 60_000): MovingWorker {
    const handle = async ({ id = '' }: Job<Change>) => {
      this.begun.push(id);
      if (this.#hangsFrom !== undefined) return id < this.#hangsFrom ? undefined : await this.#gate;
      if (!this.isHanging && this.begun.length % LOOKS_EVERY === 0) await this.#hangIfJobsAreHeld();
      await this.#gate;
    };
    const worker = new MovingWorker('orders', handle, {
      connection,
      prefix: this.prefix,
      concurrency: CONCURRENCY,
      lockDuration: lockMs,
      events: true,
      stalledInterval: 500,
    });
    worker.on('error', () => {});
    void worker.run();
    return worker;
  }

  /** Those that hang do so for ever. Others do not. */
  leaveHanging(): void {
    this.#gate = Promise.resolve();
  }

  /** Handlers of this job and of later ones hang, until the gate opens. */
  hangFrom(id: string): void {
    this.#hangsFrom = id;
    this.#closeGate();
  }

  #closeGate(): void {
    this.#gate = new Promise(resolve => {
      this.open = resolve;
    });
  }

  async #hangIfJobsAreHeld(): Promise<void> {
    this.#closeGate();
    const begun = new Set(this.begun);
    const active = await this.redis.lrange(`${this.prefix}:orders:active`, 0, -1);
    this.isHanging = active.filter(id => !begun.has(id)).length > CONCURRENCY;
    if (!this.isHanging) this.open();
  }

  async active(): Promise<number> {
    return await this.redis.llen(`${this.prefix}:orders:active`);
  }

  async waiting(): Promise<string[]> {
    return (await this.redis.lrange(`${this.prefix}:orders:wait`, 0, -1)).reverse();
  }

  async untilHeld(): Promise<void> {
    await eventually(() => expect(this.isHanging).toBe(true));
  }

  async untilCompleted(): Promise<void> {
    await eventually(async () =>
      expect(await this.redis.zcard(`${this.prefix}:orders:completed`)).toBe(JOBS),
    );
  }

  async locks(): Promise<number> {
    return (await this.redis.keys(`${this.prefix}:orders:*:lock`)).length;
  }
}

describe('jobs that a worker holds for its next free place', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('go back to the queue in their order, if handlers become slow', async () => {
    await using backlog = await Backlog.create(server.url, 'slow');
    const worker = backlog.start();
    await backlog.untilHeld();
    await eventually(async () => expect(await backlog.active()).toBe(CONCURRENCY));
    expect(await backlog.waiting()).toEqual(IDS.slice(backlog.begun.length));
    expect(await backlog.locks()).toBe(CONCURRENCY);
    backlog.open();
    await backlog.untilCompleted();
    expect(backlog.begun).toEqual(IDS);
    await worker.close();
  });

  it('are none that has stalled: it begins at once, to run alone or to be put off', async () => {
    await using backlog = await Backlog.create(server.url, 'stalled');
    const stalled = IDS.slice(JOBS / 2);
    await Promise.all(stalled.map(id => backlog.redis.hset(`${backlog.prefix}:orders:${id}`, 'stc', 1)));
    backlog.hangFrom(stalled[0] as string);
    const worker = backlog.start();
    await eventually(() =>
      expect(backlog.begun.filter(id => stalled.includes(id)).length).toBeGreaterThan(CONCURRENCY),
    );
    backlog.open();
    await backlog.untilCompleted();
    expect(new Set(backlog.begun)).toEqual(new Set(IDS));
    await worker.close();
  });

  it('go back to the queue in their order, if the worker closes', async () => {
    await using backlog = await Backlog.create(server.url, 'closed');
    const worker = backlog.start();
    await backlog.untilHeld();
    const closed = worker.close();
    backlog.open();
    await closed;
    expect(await backlog.active()).toBe(0);
    expect(await backlog.locks()).toBe(0);
    expect([...backlog.begun, ...(await backlog.waiting())]).toEqual(IDS);
    const next = backlog.start();
    await backlog.untilCompleted();
    expect(backlog.begun).toEqual(IDS);
    await next.close();
  });

  it('are found by the check for stalled jobs, if the worker dies', async () => {
    await using backlog = await Backlog.create(server.url, 'dead');
    const connection = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => null });
    connection.on('error', () => {});
    const dead = backlog.start(connection, 1000);
    await backlog.untilHeld();
    connection.disconnect();
    await dead.disconnect();
    const begunBefore = backlog.begun.length;
    backlog.leaveHanging();
    const next = backlog.start();
    await backlog.untilCompleted();
    expect(new Set(backlog.begun)).toEqual(new Set(IDS));
    // Only what the dead worker had begun may have run again.
    const before = new Set(backlog.begun.slice(0, begunBefore));
    const again = backlog.begun.filter((id, at) => backlog.begun.indexOf(id) !== at);
    expect(again.filter(id => !before.has(id))).toEqual([]);
    await next.close();
  });
});
