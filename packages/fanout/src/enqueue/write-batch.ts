import { runScript, type Script } from '@walmq/bullmq-lua';
import { WalmqError } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import type { FormerKey } from '../job.js';
import { jobOptions } from '../job-options.js';
import type { Batch } from './batch.js';
import { batchRefused } from './batch-refused.js';
import { enqueueScript } from './enqueue-script.js';
import { isTooLarge, tooLargeForRedis } from './too-large.js';

export interface BatchWriterOptions {
  readonly checkpointKey: string;
  /** All queues. The writer uses those of its shard. */
  readonly queues: readonly QueueConfig[];
  readonly shard: number;
}

const NO_KEYS: readonly FormerKey[] = [];

/** Writes the batches of one shard, each with one call of the enqueue script. */
export class BatchWriter {
  readonly #script: Script = enqueueScript();
  readonly #checkpointKey: string;
  /** Numbers of the shard's queues in the script, by their place among all queues. */
  readonly #numberOf: ReadonlyMap<number, string>;
  /** Arguments that describe the queues, the same in every call. */
  readonly #head: readonly string[];
  readonly #prefixes: ReadonlyMap<string, string>;
  /** By their place among all queues. */
  readonly #queueNames: readonly string[];

  constructor({ checkpointKey, queues, shard }: BatchWriterOptions) {
    const own = [...queues.entries()].filter(([, queue]) => queue.shard === shard);
    this.#checkpointKey = checkpointKey;
    this.#queueNames = queues.map(({ name }) => name);
    this.#numberOf = new Map(own.map(([place], index) => [place, String(index + 1)]));
    this.#prefixes = new Map(own.map(([, { prefix, name }]) => [name, `${prefix}:${name}:`]));
    this.#head = [
      String(own.length),
      ...own.flatMap(([, queue]) => [
        this.#prefixes.get(queue.name) as string,
        JSON.stringify(jobOptions(queue)),
        queue.bullmqEvents ? '1' : '',
      ]),
    ];
  }

  /**
   * Rejects with CHECKPOINT_MOVED if the checkpoint is not at the position that the batch follows, and with
   * ENQUEUE_REFUSED if Redis rejects a part of the batch for good: then nothing was written. Rejects with Redis' own error
   * if the fault passes.
   */
  async write(batch: Batch, redis: Redis): Promise<void> {
    const args = this.#arguments(batch);
    const reply = (await runScript(redis, this.#script, args).catch((error: unknown) => {
      throw isTooLarge(error) ? tooLargeForRedis(batch, this.#queueNames, error) : error;
    })) as Reply;
    if (reply[0] === 0) throw checkpointMoved(batch, reply[1]);
    if (reply[0] === 2) {
      const [, message, key, notUndone] = reply;
      const [prefixes, checkpointKey] = [this.#prefixes, this.#checkpointKey];
      throw await batchRefused({ message, key, notUndone }, { batch, redis, prefixes, checkpointKey });
    }
  }

  #arguments(batch: Batch): string[] {
    const { follows, ends, transaction = '' } = batch;
    const formerKeys: string[] = [];
    const extras: string[] = [];
    const jobs: string[] = [];
    for (const [index, job] of batch.jobs.entries()) {
      const { id, name, data, orderingKeys } = job;
      const queue = this.#numberOf.get(job.queue) as string;
      for (const { key, former } of job.formerKeys ?? NO_KEYS) formerKeys.push(queue, key, former);
      const [first = '', second = ''] = orderingKeys;
      const { options = '' } = job;
      if (second || options) extras.push(String(index + 1), second, options);
      jobs.push(queue, id, name, data, first);
    }
    const args = [
      '1',
      this.#checkpointKey,
      follows,
      ends,
      transaction,
      String(Date.now()),
      ...this.#head,
      String(formerKeys.length / 3),
      ...formerKeys,
      String(extras.length / 3),
      ...extras,
      ...jobs,
    ];
    // The client would flatten an array into several arguments, and the script would read them as another job.
    if (!args.every(arg => typeof arg === 'string')) throw notText(batch);
    return args;
  }
}

/** Replies of the script. */
type Reply =
  | [enqueued: 1]
  | [moved: 0, position: string]
  | [failed: 2, message: string, key: string, notUndone: string];

function notText({ jobs }: Batch): WalmqError {
  const wrong = jobs.find(job => [job.id, job.name, job.data].some(part => typeof part !== 'string'));
  return new WalmqError('JOB_NOT_TEXT', `job ${String(wrong?.id)} has a part that is not text.`, {
    remedy: 'Report it; nothing of its batch was written or acknowledged.',
  });
}

/** Another capture wrote, or Redis lost data. The next start finds out which. */
function checkpointMoved(batch: Batch, position: string): WalmqError {
  return new WalmqError(
    'CHECKPOINT_MOVED',
    `a batch follows position ${batch.follows}, but the checkpoint stands at ${position || 'nothing'}.`,
    { facts: { follows: batch.follows, position } },
  );
}
