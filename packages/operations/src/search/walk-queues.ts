import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { placesAfter, type SetPlace } from '../failures/walk-set.js';

/** A job's place among those of all queues: newest first, then by id from the greatest down, then by queue. */
export interface QueuePlace extends SetPlace {
  readonly queue: Queue;
}

export interface WalkQueuesOptions {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
  /** BullMQ's sorted set: `failed`, `waiting-children`. */
  readonly set: string;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly after?: { readonly ms: number; readonly id: string; readonly queue: string } | undefined;
}

const PAGE = 200;

/** The jobs of several queues in one order, so that one place says how far all of them were walked. */
export async function* walkQueues(options: WalkQueuesOptions): AsyncGenerator<QueuePlace> {
  const walks = options.queues.map(queue => new QueueWalk(queue, options));
  while (true) {
    await Promise.all(walks.map(walk => walk.fill()));
    const next = walks.reduce<QueueWalk | undefined>(
      (first, walk) =>
        walk.head && (first?.head === undefined || order(walk.head, first.head) < 0) ? walk : first,
      undefined,
    );
    if (next?.head === undefined) return;
    yield next.take();
  }
}

class QueueWalk {
  readonly #queue: Queue;
  readonly #options: WalkQueuesOptions;
  #after: (SetPlace & { readonly isIncluded?: boolean }) | undefined;
  #places: SetPlace[] = [];
  #isAtEnd = false;

  constructor(queue: Queue, options: WalkQueuesOptions) {
    this.#queue = queue;
    this.#options = options;
    const { after } = options;
    // A job of the same time and id in a queue of a later name comes after the place.
    this.#after = after && { ms: after.ms, id: after.id, isIncluded: queue.name > after.queue };
  }

  get head(): QueuePlace | undefined {
    const [place] = this.#places;
    return place && { ...place, queue: this.#queue };
  }

  take(): QueuePlace {
    return { ...(this.#places.shift() as SetPlace), queue: this.#queue };
  }

  async fill(): Promise<void> {
    if (this.#places.length > 0 || this.#isAtEnd) return;
    const { redis, set, fromMs, toMs } = this.#options;
    const key = this.#queue.toKey(set);
    this.#places = await placesAfter({ redis, key, fromMs, toMs, after: this.#after, count: PAGE });
    this.#isAtEnd = this.#places.length < PAGE;
    this.#after = this.#places.at(-1);
  }
}

function order(a: QueuePlace, b: QueuePlace): number {
  if (a.ms !== b.ms) return b.ms - a.ms;
  if (a.id !== b.id) return Buffer.compare(Buffer.from(b.id), Buffer.from(a.id));
  return a.queue.name < b.queue.name ? -1 : 1;
}
