import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { JobCleanStatus, QueueAdapterOptions } from '@bull-board/api/typings/app';
import { WalmqError } from '@walmq/change';
import { redact } from '@walmq/service';
import type { Job, Queue } from 'bullmq';

/** Bull Board answers a thrown error with its status code and shows its message. */
class ActionRefused extends WalmqError {
  readonly statusCode = 409;

  constructor(message: string) {
    super('ACTION_REFUSED', message);
  }
}

/**
 * Bull Board's view of a queue, less the actions that would break a key's order. A parked change is a BullMQ parent
 * of the change it waits for: removing it takes that one with it or lets later ones run past it, and removing its
 * "unprocessed children" drops what it waits for without a word. Running a completed change again would put it
 * after newer ones.
 */
export class GuardedAdapter extends BullMQAdapter {
  readonly #discardFailed: () => Promise<void>;

  constructor(
    queue: Queue,
    {
      discardFailed,
      ...options
    }: Partial<QueueAdapterOptions> & { readonly discardFailed: () => Promise<void> },
  ) {
    super(queue, options);
    this.#discardFailed = discardFailed;
  }

  /**
   * BullMQ cleans a change together with all that is parked behind it, which nobody has looked at. Failed ones are
   * discarded as elsewhere, one by one; completed ones have nothing behind them.
   */
  override async clean(status: JobCleanStatus, graceTimeMs: number): Promise<void> {
    if (status === 'completed') return await super.clean(status, graceTimeMs);
    if (status === 'failed') return await this.#discardFailed();
    throw takesParkedWithIt();
  }

  override async empty(): Promise<void> {
    throw takesParkedWithIt();
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && guard(job);
  }

  override async getJobs(...args: Parameters<BullMQAdapter['getJobs']>): Promise<Job[]> {
    return (await super.getJobs(...args)).map(guard);
  }

  override async getJobLogs(id: string): Promise<string[]> {
    return (await super.getJobLogs(id)).map(redact);
  }
}

function takesParkedWithIt(): ActionRefused {
  return new ActionRefused(
    'This would take the changes with it that are parked behind, which have not been tried. Remove single changes; or ' +
      'pause and obliterate the queue, if nothing of it is wanted.',
  );
}

function guard(job: Job): Job {
  const remove = job.remove.bind(job);
  const retry = job.retry.bind(job);
  const toJSON = job.toJSON.bind(job);
  return Object.assign(job, {
    /** What a handler threw may hold the address it could not reach, with the password in it. */
    toJSON() {
      const json = toJSON();
      return {
        ...json,
        failedReason: json.failedReason && redact(json.failedReason),
        stacktrace: json.stacktrace?.map(redact),
      };
    },
    async remove(options?: Parameters<Job['remove']>[0]) {
      if ((await job.getState()) === 'waiting-children')
        throw new ActionRefused(
          'This change is parked: it waits for an earlier change of its key. Retry or remove that one first.',
        );
      // Its children are the changes it waited for, which have completed: they stay to be looked at.
      await remove({ ...options, removeChildren: false });
    },
    async removeUnprocessedChildren() {
      throw new ActionRefused(
        'These are the earlier changes of the same key, not children: retry or remove the failed one by itself.',
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
