import { createHash } from 'node:crypto';
import { assembleScript, loadBullmqScript, runScript } from '@walmq/bullmq-lua';
import type { KeepJobs } from 'bullmq';
import type { Redis } from 'ioredis';
import { JobReader, type RawJob, type Taken } from './taken.js';

/** A job whose handler has succeeded. */
export interface Finished {
  readonly id: string;
  /** Of the job's lock. */
  readonly token: string;
  /** JSON. */
  readonly returnValue: string;
  readonly keepJobs: KeepJobs;
  /** Number of attempts before this one. */
  readonly attemptsMade: number;
  readonly isDeduplicated: boolean;
}

/** One call of the script: the jobs that it completes, and the number of jobs that it may take. */
export interface MoveCall {
  readonly finished: readonly Finished[];
  readonly take: number;
  /** Number of jobs that it may take beyond that, if the queue has enough of them for other workers too. */
  readonly spare: number;
  /** Lock token of the jobs taken; no other call may have it. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

export interface MoveReply {
  /** For each finished job: undefined if it is completed, a code of BullMQ, or the text of an error. */
  readonly refusals: readonly (number | string | undefined)[];
  readonly taken: readonly Taken[];
  /** Milliseconds until the rate limit ends, or 0. */
  readonly rateLimitMs: number;
  /** Time of the next delayed job, or 0. */
  readonly nextDelayed: number;
}

/** What BullMQ's scripts need to know of a worker. */
export interface MoveOptions {
  readonly lockDuration: number;
  readonly limiter?: { readonly max: number; readonly duration: number } | undefined;
  readonly name?: string | undefined;
  readonly maxMetricsSize?: number | undefined;
  /** False: the moves write none of BullMQ's events. */
  readonly events: boolean;
}

/** From src and from dist alike: the Lua is read where it is written, so a build cannot leave an old copy behind. */
const LUA_FOLDER = new URL('../../src/moves/lua/', import.meta.url);

/** BullMQ's code for a job without a lock, without a hash, or that is not active. */
const MAY_HAVE_ENDED: readonly unknown[] = [-1, -2, -3];

/** SHA-1 of BullMQ's moveToFinished and moveToActive with which plain.lua was compared. */
const PROVEN = '31619e64b734e54b6fe8331ffdc401e7fb9a412d';

/** False with another bullmq: then its own functions move every job. */
export function isProven(): boolean {
  const scripts = [loadBullmqScript('moveToFinished', 14), loadBullmqScript('moveToActive', 11)];
  return createHash('sha1').update(scripts.join()).digest('hex') === PROVEN;
}

/** Calls the scripts that complete and take jobs of one queue. */
export class Moves {
  readonly #move = assembleScript(LUA_FOLDER, 'move');
  readonly #recover = assembleScript(LUA_FOLDER, 'recover');
  readonly #redis: Pick<Redis, 'call'>;
  readonly #reader: JobReader;
  /** `bull:orders:` */
  readonly #base: string;
  /** As move.lua reads them: text costs Lua less than JSON. */
  readonly #options: readonly string[];

  constructor(redis: Pick<Redis, 'call'>, base: string, options: MoveOptions) {
    this.#redis = redis;
    this.#base = base;
    this.#reader = new JobReader(id => redis.call('HGETALL', `${base}${id}`) as Promise<string[]>);
    const { lockDuration, name, maxMetricsSize, limiter, events } = options;
    this.#options = [
      ...[lockDuration, name, maxMetricsSize, limiter?.max, limiter?.duration].map(textOf),
      isProven() ? '1' : '0',
      events ? '1' : '',
    ];
  }

  /** Rejects if Redis has moved no job, or if the connection was closed for good. */
  async move({ finished, take, spare, token, timestamp }: MoveCall): Promise<MoveReply> {
    const retentions = new Map<string, string>();
    const jobs: string[] = [];
    for (const { id, token: own, returnValue, keepJobs, attemptsMade, isDeduplicated } of finished) {
      const { count, age, limit }: { count?: number; age?: number; limit?: number } = keepJobs;
      const keep = `${count ?? ''},${age ?? ''},${limit ?? ''}`;
      const place = retentions.get(keep) ?? String(retentions.size + 1);
      retentions.set(keep, place);
      jobs.push(id, own, returnValue, place, isDeduplicated ? '' : String(attemptsMade + 1));
    }
    const reply = await runScript(this.#redis, this.#move, [
      '1',
      `${this.#base}wait`,
      this.#base,
      String(timestamp),
      token,
      String(take),
      String(spare),
      ...this.#options,
      String(retentions.size),
      ...[...retentions.keys()].flatMap(keep => keep.split(',')),
      ...jobs,
    ]);
    const [codes, taken, rateLimitMs, nextDelayed] = reply as [(number | string)[], RawJob[], number, number];
    return {
      refusals: codes.map(code => (code === 0 ? undefined : code)),
      taken: await this.#reader.read(taken, token),
      rateLimitMs,
      nextDelayed,
    };
  }

  /**
   * Completes the reply of a call during which the connection was lost. ioredis sends the call again, and the reply is that
   * of the second run: jobs that the first run has completed are refused, and those that it has taken are missing.
   */
  async recover({ finished, token }: MoveCall, reply: MoveReply): Promise<MoveReply> {
    const args = ['1', `${this.#base}wait`, this.#base, token, ...finished.map(({ id }) => id)];
    const [held, ended] = (await runScript(this.#redis, this.#recover, args)) as [RawJob[], number[]];
    const known = new Set(reply.taken.map(({ id }) => id));
    const missed = await this.#reader.read(
      held.filter(([, id]) => !known.has(id)),
      token,
    );
    return {
      ...reply,
      refusals: reply.refusals.map((code, index) =>
        MAY_HAVE_ENDED.includes(code) && ended[index] === 1 ? undefined : code,
      ),
      taken: [...reply.taken, ...missed],
    };
  }
}

function textOf(option: string | number | undefined): string {
  return option === undefined ? '' : String(option);
}
