import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countHeld, holdKey, releaseKey } from '../src/hold/hold-key.js';
import { testEnqueuer, testJob, testQueues } from './enqueuer-fixture.js';

/** What may happen to a queue, in any order. Numbers choose among what is there. */
type Step =
  | { readonly do: 'enqueue'; readonly keys: readonly string[] }
  | { readonly do: 'take' }
  | { readonly do: 'pause' | 'resume'; readonly key: string }
  | {
      readonly do: 'complete' | 'fail' | 'retry-later' | 'stall' | 'retry' | 'discard';
      readonly which: number;
    };

const KEYS = ['a', 'b', 'c', 'd'];
const key = fc.constantFrom(...KEYS);
const oneKey = key.map(name => [name]);
const oneOrTwoKeys = fc.oneof(
  { weight: 4, arbitrary: oneKey },
  { weight: 1, arbitrary: fc.uniqueArray(key, { minLength: 2, maxLength: 2 }) },
);

function steps(keys: fc.Arbitrary<string[]>, { pauses = false } = {}): fc.Arbitrary<Step[]> {
  const chosen = (kind: Extract<Step, { which: number }>['do']) =>
    fc.record({ do: fc.constant(kind), which: fc.nat() });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant('enqueue' as const), keys }) },
      { weight: 6, arbitrary: fc.constant({ do: 'take' as const }) },
      { weight: 4, arbitrary: chosen('complete') },
      { weight: 2, arbitrary: chosen('fail') },
      { weight: 2, arbitrary: chosen('retry-later') },
      { weight: 1, arbitrary: chosen('stall') },
      { weight: 1, arbitrary: chosen('retry') },
      { weight: 1, arbitrary: chosen('discard') },
      ...(pauses
        ? [
            { weight: 2, arbitrary: fc.record({ do: fc.constant('pause' as const), key }) },
            { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const), key }) },
          ]
        : []),
    ),
    { minLength: 10, maxLength: 60 },
  );
}

/** A queue as the promise describes it: a list of changes, each with its keys and what became of it. */
class Model {
  readonly changes = new Map<number, { keys: readonly string[]; state: 'waiting' | 'active' | 'failed' }>();
  /** Paused keys, each with the changes that were active or failed then: they run, or run again if retried. */
  readonly #paused = new Map<string, ReadonlySet<number>>();

  pause(name: string): void {
    const begun = [...this.changes].filter(
      ([, { keys, state }]) => keys.includes(name) && state !== 'waiting',
    );
    this.#paused.set(name, new Set(begun.map(([n]) => n)));
  }

  resume(name: string): void {
    this.#paused.delete(name);
  }

  isHeld(n: number): boolean {
    const keys = this.changes.get(n)?.keys ?? [];
    return keys.some(name => this.#paused.get(name)?.has(n) === false);
  }

  /** No earlier unfinished change has a key in common with it. */
  mayRun(n: number): boolean {
    const change = this.changes.get(n);
    return [...this.changes].every(
      ([other, { keys }]) => other >= n || !keys.some(name => change?.keys.includes(name)),
    );
  }

  runnable(): number[] {
    return [...this.changes].flatMap(([n, { state }]) =>
      state !== 'failed' && this.mayRun(n) && !this.isHeld(n) ? [n] : [],
    );
  }
}

describe('the enqueue script and BullMQ against a simple model', () => {
  let server: EmbeddedRedis;
  let runs = 0;
  beforeAll(async () => {
    server = await startRedis({ settings: { appendfsync: 'everysec' } });
  });
  afterAll(() => server.stop());

  it('one key per change: what may run is exactly what BullMQ offers, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(steps(oneKey), list => play(list, { exact: true })),
      { numRuns: 150 },
    );
  });

  it('changes that move between keys: nothing runs before an earlier change of one of its keys', async () => {
    await fc.assert(
      fc.asyncProperty(steps(oneOrTwoKeys), list => play(list, { exact: false })),
      { numRuns: 150 },
    );
  });

  it('paused keys: their changes wait, all others run, and none is lost or reordered', async () => {
    await fc.assert(
      fc.asyncProperty(steps(oneKey, { pauses: true }), list => play(list, { exact: true })),
      { numRuns: 150 },
    );
  });

  it('paused keys, with changes that move between keys', async () => {
    await fc.assert(
      fc.asyncProperty(steps(oneOrTwoKeys, { pauses: true }), list => play(list, { exact: false })),
      { numRuns: 150 },
    );
  });

  async function play(list: readonly Step[], { exact }: { exact: boolean }): Promise<void> {
    const prefix = `model-${runs++}`;
    const queues = testQueues({
      orders: {
        table: 'orders',
        attempts: 1000,
        backoff: { type: 'fixed', delayMs: 0, jitter: 0 },
        maxStalledCount: 1000,
        keepCompleted: { count: 0 },
      },
    });
    const connection = { url: server.url };
    await using world = await testEnqueuer(server.url, prefix, { queues });
    const queue = new Queue<{ n: number }>('orders', { prefix, connection });
    const worker = new Worker<{ n: number }>('orders', null, {
      prefix,
      connection,
      autorun: false,
      maxStalledCount: 1000,
    });
    const model = new Model();
    const place = { prefix, name: 'orders' };
    const active = new Map<number, Job<{ n: number }>>();
    let enqueued = 0;

    const act = {
      async enqueue(keys: readonly string[]) {
        const job = testJob(++enqueued, keys);
        await world.enqueuer.add([job], job.position);
        await world.enqueuer.drain();
        model.changes.set(enqueued, { keys, state: 'waiting' });
      },
      async take() {
        const job = await worker.getNextJob('token', { block: false });
        if (!job) return false;
        const { n } = job.data;
        expect(model.mayRun(n), `change ${n} was offered before an earlier one of its key was done`).toBe(
          true,
        );
        expect(model.changes.get(n)?.state).toBe('waiting');
        if (exact) expect(model.isHeld(n), `change ${n} of a paused key was offered`).toBe(false);
        set(n, 'active');
        active.set(n, job);
        return true;
      },
      async pause(name: string) {
        const label = { by: 'mia', at: new Date().toISOString() };
        await holdKey(world.redis, place, { orderingKey: name, label });
        model.pause(name);
      },
      async resume(name: string) {
        await releaseKey(world.redis, place, name);
        model.resume(name);
      },
      async complete(n: number) {
        await active.get(n)?.moveToCompleted('done', 'token', false);
        active.delete(n);
        model.changes.delete(n);
      },
      async fail(n: number) {
        const job = active.get(n) as Job;
        await job.moveToFailed(new UnrecoverableError('for good'), 'token');
        active.delete(n);
        set(n, 'failed');
      },
      async 'retry-later'(n: number) {
        await active.get(n)?.moveToFailed(new Error('passing'), 'token');
        active.delete(n);
        set(n, 'waiting');
      },
      /** A worker dies: its lock runs out, and the next check for stalled jobs hands its change back. */
      async stall(n: number) {
        await world.redis.del(`${prefix}:orders:${active.get(n)?.id}:lock`);
        const check = () =>
          (worker as unknown as { moveStalledJobsToWait(): Promise<void> }).moveStalledJobsToWait();
        for (const other of active.values())
          await world.redis.set(`${prefix}:orders:${other.id}:lock`, 'token', 'NX');
        await world.redis.del(`${prefix}:orders:${active.get(n)?.id}:lock`, `${prefix}:orders:stalled-check`);
        await check();
        await world.redis.del(`${prefix}:orders:stalled-check`);
        await check();
        active.delete(n);
        set(n, 'waiting');
      },
      async retry(n: number) {
        await (await jobOf(n))?.retry();
        set(n, 'waiting');
      },
      async discard(n: number) {
        await (await jobOf(n))?.remove();
        model.changes.delete(n);
      },
    };

    const set = (n: number, state: 'waiting' | 'active' | 'failed') => {
      const change = model.changes.get(n);
      if (change) change.state = state;
    };
    const jobOf = (n: number) => queue.getJob(testJob(n).id);
    const inState = (state: string) =>
      [...model.changes].flatMap(([n, change]) => (change.state === state ? [n] : []));

    for (const step of list) {
      if (step.do === 'enqueue') await act.enqueue(step.keys);
      else if (step.do === 'take') await act.take();
      else if ('key' in step) await act[step.do](step.key);
      else {
        const among = inState(step.do === 'retry' || step.do === 'discard' ? 'failed' : 'active');
        if (among.length > 0) await act[step.do](among[step.which % among.length] as number);
      }
      if (exact) {
        const counts = await queue.getJobCounts('waiting', 'active', 'delayed');
        const offered = Object.values(counts).reduce((sum, count) => sum + count, 0);
        expect(offered, `after ${JSON.stringify(step)}`).toBe(model.runnable().length);
      }
    }

    for (const name of KEYS) await act.resume(name);
    expect(await countHeld(world.redis, place)).toBe(0);
    // In the end everything is retried and completed: nothing is stuck, and nothing is left behind.
    while (model.changes.size > 0) {
      const before = model.changes.size;
      for (const n of inState('failed')) await act.retry(n);
      while (await act.take());
      for (const n of [...active.keys()]) await act.complete(n);
      expect(model.changes.size, 'changes that nothing releases').toBeLessThan(before);
    }
    world.enqueuer.advanceTo({ lsn: 9999n as never, seq: 0 });
    world.enqueuer.flushProgress();
    await world.enqueuer.drain();
    expect(await world.redis.keys(`${prefix}:orders:*-test*`)).toEqual([]);
    expect(await world.redis.keys(`${prefix}:orders:walmq-hold*`)).toEqual([]);
    expect(await world.redis.exists(`${prefix}:orders:walmq:last`, `${prefix}:orders:walmq:ring`)).toBe(0);
    await Promise.all([queue.close(), worker.close()]);
  }
});
