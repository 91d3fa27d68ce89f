import { type Change, tableName } from '@walmq/change';
import type { Logger } from '@walmq/runtime';
import type { Job } from 'bullmq';

/** One attempt at one change. */
export class Tried {
  readonly change: Change;
  readonly job: Job<Change>;
  /** Of this try, from 1. */
  readonly attempt: number;
  /** That the job has in all. */
  readonly attempts: number;
  /** Gets the job's data as it is in Redis. */
  readonly json: () => Promise<string>;
  readonly #queue: string;
  readonly #parent: Logger;
  #log: Logger | undefined;

  /** `log`: the worker's. */
  constructor({
    change,
    job,
    queue,
    log,
    json,
  }: Pick<Tried, 'change' | 'job' | 'json' | 'log'> & { readonly queue: string }) {
    this.change = change;
    this.job = job;
    this.attempt = job.attemptsMade + 1;
    this.attempts = job.opts.attempts ?? 1;
    this.json = json;
    this.#queue = queue;
    this.#parent = log;
  }

  /** Names queue, table, operation, change and attempt. Made at the first use: most attempts log nothing. */
  get log(): Logger {
    const { change, attempt } = this;
    this.#log ??= this.#parent.child({
      queue: this.#queue,
      table: tableName(change),
      op: change.op,
      changeId: change.id,
      attempt,
    });
    return this.#log;
  }
}
