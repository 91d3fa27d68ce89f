import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { JobCleanStatus, QueueAdapterOptions } from '@bull-board/api/typings/app';
import { WalmqError } from '@walmq/change';
import { isHold } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import { Job, type Queue } from 'bullmq';
import { presentable } from './presentable.js';

/** Bull Board answers a thrown error with its status code and shows its message. */
class ActionRefused extends WalmqError {
  readonly statusCode = 409;

  constructor(message: string) {
    super('ACTION_REFUSED', message);
  }
}

export interface GuardedAdapterOptions extends Partial<QueueAdapterOptions> {
  /** Discards every failed change of the queue. */
  readonly discardFailed: () => Promise<void>;
  /** A job's data as people may see it. */
  readonly show: (data: unknown) => unknown;
}

/**
 * Bull Board's view of a queue, without the actions that would break a key's order. A parked change is the
 * BullMQ parent of the change that it waits for. Removing it also removes that change, or lets later ones run
 * before it. Removing its "unprocessed children" silently drops the changes that it waits for. Running a
 * completed change again would put it after newer ones.
 */
export class GuardedAdapter extends BullMQAdapter {
  readonly #queue: Queue;
  readonly #discardFailed: () => Promise<void>;
  readonly #show: (data: unknown) => unknown;

  constructor(queue: Queue, { discardFailed, show, ...options }: GuardedAdapterOptions) {
    super(queue, options);
    this.#queue = queue;
    this.#discardFailed = discardFailed;
    this.#show = show;
  }

  /**
   * BullMQ cleans a change together with everything that is parked behind it. So failed changes are discarded
   * one by one, as elsewhere. Completed ones have nothing behind them.
   */
  override async clean(status: JobCleanStatus, graceTimeMs: number): Promise<void> {
    if (status === 'completed') return await super.clean(status, graceTimeMs);
    if (status === 'failed') return await this.#discardFailed();
    throw takesParkedWithIt();
  }

  override async empty(): Promise<void> {
    throw takesParkedWithIt();
  }

  /** Also called for "Duplicate job": a copy has no place in its key's order. */
  override async addJob(): Promise<never> {
    throw new ActionRefused(
      'Changes come from the database, in order: a copy would run past the changes that its key waits for. Retry a failed ' +
        'change; "walmq rewind" sends completed ones again.',
    );
  }

  override async runJobSchedulerNow(): Promise<never> {
    throw noSchedules();
  }

  override async updateJobScheduler(): Promise<never> {
    throw noSchedules();
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id).catch((error: unknown) => unreadable(this.#queue, id, error));
    return job && this.#guarded(job);
  }

  /**
   * BullMQ reads all jobs or none. If it reads none, read them one by one, so that only the unreadable ones
   * are missing.
   */
  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    const [statuses, start, end] = args;
    try {
      return (await super.getJobs(...args)).map(job => this.#guarded(job));
    } catch (error) {
      if (!isOfContent(error)) throw error;
      // Jobs of a paused queue are among the waiting ones.
      const types = statuses.filter(status => status !== 'paused');
      const ids = await this.#queue.getRanges(types, start, end);
      const jobs = await Promise.all(ids.map(id => this.getJob(id)));
      return jobs.filter(job => job !== undefined);
    }
  }

  #guarded(job: Job): Job {
    return guard(job, this.#show);
  }

  override async getJobLogs(id: string): Promise<string[]> {
    return (await super.getJobLogs(id)).map(redact);
  }
}

function noSchedules(): ActionRefused {
  return new ActionRefused(
    'A queue of changes has no schedules: what one adds has no place in the order of a key.',
  );
}

function takesParkedWithIt(): ActionRefused {
  return new ActionRefused(
    'This would take the changes with it that are parked behind, which have not been tried. Remove single changes; or ' +
      'pause and obliterate the queue, if nothing of it is wanted.',
  );
}

/** True if Redis holds something that BullMQ cannot read as a job; false if Redis itself fails. */
function isOfContent(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof TypeError || /WRONGTYPE/.test(String(error));
}

/** Stands in for a job that cannot be read. Its id serves to find and remove the job. */
function unreadable(queue: Queue, id: string, error: unknown): Job {
  if (!isOfContent(error)) throw error;
  return new Job(queue, 'unreadable', { unreadable: `Redis has no job under ${queue.toKey(id)}.` }, {}, id);
}

function guard(job: Job, show: (data: unknown) => unknown): Job {
  const remove = job.remove.bind(job);
  const retry = job.retry.bind(job);
  const toJSON = job.toJSON.bind(job);
  return Object.assign(job, {
    /**
     * An error of a handler may contain a URL with a password. And anyone who may write to Redis decides what
     * a job contains.
     */
    toJSON() {
      const json = toJSON();
      const traces: unknown = json.stacktrace;
      return {
        ...json,
        data: presentable(show(json.data)),
        opts: presentable(json.opts),
        progress: presentable(json.progress),
        returnvalue: presentable(json.returnvalue),
        failedReason: json.failedReason && redact(json.failedReason),
        stacktrace: Array.isArray(traces) ? traces.map(line => redact(String(presentable(line)))) : [],
      };
    },
    async remove(options?: Parameters<Job['remove']>[0]) {
      if ((await job.getState()) === 'waiting-children')
        throw new ActionRefused(
          isHold(job.id ?? '')
            ? 'This is no change: it holds a paused key. "walmq resume-key" resumes the key.'
            : 'This change is parked: it waits for an earlier change of its key. Retry or remove that one first.',
        );
      // Its children are the completed changes that it waited for: they stay visible.
      await remove({ ...options, removeChildren: false });
    },
    async removeUnprocessedChildren() {
      throw new ActionRefused(
        'These are the earlier changes of the same key, not children: retry or remove the failed one by itself.',
      );
    },
    async updateData() {
      throw new ActionRefused(
        'A change is corrected with "walmq correct", which checks the correction, keeps the original and writes down who did it.',
      );
    },
    async retry(...args: Parameters<Job['retry']>) {
      if ((await job.getState()) === 'completed')
        throw new ActionRefused(
          'A completed change does not run again: later changes of its key have run since.',
        );
      await retry(...args);
    },
  });
}
