import { type Change, formatPosition, toLsn } from '@walmq/change';
import { parseConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import { connectProducer, Enqueuer } from '@walmq/fanout';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

/** A change of a test: its number in the stream, from 1, and the values it is ordered by. */
export interface TestChange {
  readonly n: number;
  readonly keys: readonly string[];
}

const LSN = toLsn(0x19f2b40n);

export function changeId(n: number): string {
  return formatPosition({ lsn: LSN, seq: n });
}

export function jobId(n: number): string {
  return `${changeId(n)}-test`;
}

/** For tests: a queue `orders` of its own on a real Redis, fed by the real enqueuer. */
export class ReplayWorld {
  readonly redis: Redis;
  readonly queue: Queue<Change>;
  /** Numbers of the changes in the order they completed in. */
  readonly done: number[] = [];
  readonly #url: string;
  readonly #prefix: string;
  readonly #queueConfig: Omit<WalmqConfigInput['queues'][string], 'table'>;
  readonly #workers: Worker[] = [];

  constructor(
    url: string,
    prefix: string,
    queueConfig: Omit<WalmqConfigInput['queues'][string], 'table'> = {},
  ) {
    this.#url = url;
    this.#prefix = prefix;
    this.#queueConfig = queueConfig;
    this.redis = new Redis(url, { maxRetriesPerRequest: null });
    this.queue = new Queue('orders', { prefix, connection: this.redis });
  }

  /** As capture does. */
  async enqueue(changes: readonly TestChange[]): Promise<void> {
    const checkpointKey = `${this.#prefix}:walmq:checkpoint:test`;
    await this.redis.hsetnx(checkpointKey, 'position', formatPosition({ lsn: LSN, seq: 0 }));
    const { queues } = resolveConfig(
      parseConfig(
        {
          redis: { prefix: this.#prefix },
          queues: { orders: { table: 'orders', ...this.#queueConfig } },
        } as WalmqConfigInput,
        'test',
      ),
    );
    const enqueuer = new Enqueuer({
      connect: async () => ({ redis: await connectProducer(this.#url), confirm: async () => undefined }),
      queues: Object.values(queues),
      shard: 0,
      checkpointKey,
      position: (await this.redis.hget(checkpointKey, 'position')) as string,
      limits: { jobs: 100, bytes: 1_000_000 },
      batchesInFlight: 2,
      onEnqueued: () => undefined,
      onDurable: () => undefined,
      onPause: () => undefined,
      onResume: () => undefined,
    });
    for (const { n, keys } of changes) {
      const data = JSON.stringify(changeOf(n, keys));
      const job = { queue: 0, id: jobId(n), name: 'update', data, orderingKeys: keys };
      await enqueuer.add([job], changeId(n));
    }
    await enqueuer.drain();
    enqueuer.close();
  }

  /** A plain BullMQ worker. */
  work(handle: (n: number, job: Job<Change>) => void | Promise<void>): Worker {
    const worker = new Worker<Change>(
      'orders',
      async job => {
        const { n } = job.data.after as { n: number };
        await handle(n, job);
        this.done.push(n);
      },
      { prefix: this.#prefix, connection: { url: this.#url }, concurrency: 30 },
    );
    this.#workers.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.close()));
    await this.queue.close();
    this.redis.disconnect();
  }
}

function changeOf(n: number, keys: readonly string[]): Change {
  const [first = ''] = keys;
  return {
    id: changeId(n),
    op: 'update',
    schema: 'public',
    table: 'orders',
    key: { id: first },
    before: null,
    after: { id: first, n },
    tx: { xid: 1, lsn: '0/19F2B40', committedAt: '2026-01-31T10:00:00.000000Z', seq: n },
  };
}
