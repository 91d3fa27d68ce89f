import { type JobJson, raw2NextJobData } from 'bullmq';

/** A job that this worker has taken. */
export interface Taken {
  readonly id: string;
  readonly token: string;
  readonly data: JobJson;
}

/** A job as move.lua returns it: fields and values joined by NUL, and their number. */
export type RawJob = readonly [joined: string, id: string, count: number];

const SEPARATOR = '\0';

/** Reads the jobs of a reply, as BullMQ's raw2NextJobData does. */
export class JobReader {
  readonly #fieldsOf: (id: string) => Promise<string[]>;
  /** Options of the last job without its id, as text and parsed. Most jobs of a queue have the same. */
  #text: string | undefined;
  #options: JobJson['opts'] = {};

  /** `fieldsOf` gets the fields and values of a job from Redis. */
  constructor(fieldsOf: (id: string) => Promise<string[]>) {
    this.#fieldsOf = fieldsOf;
  }

  async read(jobs: readonly RawJob[], token: string): Promise<Taken[]> {
    const taken: Taken[] = [];
    for (const [joined, id, count] of jobs) {
      const fields = joined.split(SEPARATOR);
      // A value has the separator in it, as a stored error may.
      const data = this.#dataOf(fields.length === count ? fields : await this.#fieldsOf(id), id);
      taken.push({ id, token, data });
    }
    return taken;
  }

  #dataOf(fields: string[], id: string): JobJson {
    const at = fields.indexOf('opts') + 1;
    const own = `"jobId":"${id}"`;
    const text = fields[at];
    // A value "opts" before the field of that name, or a job whose id BullMQ has made.
    if (at % 2 === 0 || !text?.includes(own)) return parsed(fields, id);
    const shared = text.replace(own, '');
    if (shared !== this.#text) {
      const job = parsed(fields, id);
      this.#options = job.opts;
      this.#text = shared;
      return job;
    }
    fields[at] = '{}';
    const job = parsed(fields, id);
    job.opts = { ...this.#options, jobId: id };
    return job;
  }
}

function parsed(fields: string[], id: string): JobJson {
  return (raw2NextJobData([fields, id, 0, 0]) as [JobJson])[0];
}
