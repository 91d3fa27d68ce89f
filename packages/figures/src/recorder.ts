import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { bucketOf } from './histogram.js';
import { writeReport } from './report.js';
import { durationField, type Ending, type FiguresPlace, latencyField } from './slots.js';

export interface RecorderOptions {
  readonly redis: Redis;
  readonly place: FiguresPlace;
  /** Told of a report that Redis did not take: its figures are lost. */
  readonly onLost: (error: Error) => void;
  /** Milliseconds from one report to the next. Default: five seconds. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
/** Milliseconds for which the end of a worker waits for its last report. */
const LAST_REPORT_MS = 2000;
/** Times of two clocks on one machine differ by less. */
const SAME_CLOCK_MS = 20;

/**
 * Counts what a worker does with the changes of a queue, and reports it to Redis every few seconds. A process that is killed
 * loses the figures since its last report, and nothing else.
 */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #reporter = randomBytes(6).toString('base64url');
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<string, number>();
  #number = 0;
  /** One at a time: while Redis is away, counts gather in memory. */
  #reporting: Promise<void> | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.report(), options.everyMs ?? EVERY_MS).unref();
  }

  /** A change is done: processed, or there was nothing to do. `latencyMs`: from its commit; undefined if it has no effect. */
  done({ durationMs, latencyMs }: { durationMs: number; latencyMs: number | undefined }): void {
    this.#count('done');
    this.#count(durationField(bucketOf(durationMs)));
    if (latencyMs === undefined) return;
    this.#count(latencyField(bucketOf(latencyMs)));
    if (latencyMs < -SAME_CLOCK_MS) this.#count('early');
  }

  notDone(ending: Exclude<Ending, 'done'>): void {
    this.#count(ending);
  }

  /** Sends what was counted since the last report. Never rejects. */
  async report(): Promise<void> {
    if (this.#reporting || this.#counts.size === 0) return await this.#reporting;
    const { redis, place, onLost } = this.#options;
    const counts = this.#counts;
    this.#counts = new Map();
    this.#number += 1;
    const done = counts.get('done') ?? 0;
    this.#reporting = writeReport(redis, place, {
      counts,
      done,
      reporter: this.#reporter,
      number: this.#number,
    })
      .catch(onLost)
      .finally(() => {
        this.#reporting = undefined;
      });
    return await this.#reporting;
  }

  /** Sends the last report, if Redis takes it soon. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#options.redis.status !== 'ready') return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, LAST_REPORT_MS);
    });
    await Promise.race([this.#lastReports(), late]);
    clearTimeout(timer);
  }

  async #lastReports(): Promise<void> {
    await this.#reporting;
    await this.report();
  }

  #count(field: string): void {
    this.#counts.set(field, (this.#counts.get(field) ?? 0) + 1);
  }
}
