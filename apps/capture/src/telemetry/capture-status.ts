import { formatLsn } from '@walmq/change';
import type { CaptureStatus, TableFinding } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Progress } from '../progress/acknowledge.js';
import type { CaptureEvent } from './capture-event.js';
import type { Condition } from './condition.js';

/** The constant part of a capture's status. */
export type Identity = Pick<CaptureStatus, 'instance' | 'host' | 'pid' | 'version' | 'startedAt' | 'slot'>;

interface Tally {
  readonly atMs: number;
  readonly changes: number;
  readonly jobs: number;
  readonly batches: number;
}

/** Rates cover this many looks, a second apart. */
const LOOKS = 6;

/** The status of a capture, kept up to date by its events. */
export class StatusTracker {
  readonly #identity: Identity;
  #role: CaptureStatus['role'] = 'waiting';
  #reason: string | null = 'it is starting';
  #source: string | null = null;
  #progress: Progress | undefined;
  #pauses: readonly string[] = [];
  #tables: readonly TableFinding[] = [];
  #caughtUpAtMs: number | undefined;
  #lastError: CaptureStatus['lastError'] = null;
  #changes = 0;
  #jobs = 0;
  #batches = 0;
  #looks: readonly Tally[] = [];

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  on(event: CaptureEvent, { pauses }: Condition): void {
    switch (event.type) {
      case 'streaming':
        this.#role = 'active';
        this.#reason = null;
        break;
      case 'interrupted':
        this.#interrupted(event);
        break;
      case 'paused':
      case 'resumed':
        this.#pauses = [...pauses.values()].map(redact);
        break;
      case 'progress':
        this.#progress = event.progress;
        break;
      case 'tables':
        this.#tables = event.findings;
        break;
      case 'changes':
        for (const { count } of event.counts) this.#changes += count;
        break;
      case 'batch':
        this.#jobs += event.jobs;
        this.#batches += 1;
        break;
      case 'slot':
        this.#source = event.snapshot.source;
        this.#caughtUpAtMs = event.caughtUpAtMs;
        break;
    }
  }

  #interrupted({ role, error, atMs }: Extract<CaptureEvent, { type: 'interrupted' }>): void {
    const message = redact(error.message);
    this.#role = role;
    this.#reason = message;
    this.#progress = undefined;
    this.#pauses = [];
    // A capture that stands by has not failed.
    if (role === 'waiting') this.#lastError = { code: error.code, message, at: new Date(atMs).toISOString() };
  }

  /** Taken once a second; the rates are between the takes. */
  take(nowMs: number): CaptureStatus {
    const now: Tally = { atMs: nowMs, changes: this.#changes, jobs: this.#jobs, batches: this.#batches };
    const then = this.#looks[0] ?? now;
    this.#looks = [...this.#looks, now].slice(-LOOKS);
    const seconds = (now.atMs - then.atMs) / 1000;
    const batches = now.batches - then.batches;
    return {
      ...this.#identity,
      at: new Date(nowMs).toISOString(),
      source: this.#source,
      role: this.#role,
      reason: this.#reason,
      positions: positionsOf(this.#progress),
      changesPerSecond: rate(now.changes - then.changes, seconds),
      jobsPerSecond: rate(now.jobs - then.jobs, seconds),
      batchJobs: batches > 0 ? Math.round((now.jobs - then.jobs) / batches) : null,
      pauses: this.#pauses,
      tables: this.#tables,
      caughtUpAt: this.#caughtUpAtMs === undefined ? null : new Date(this.#caughtUpAtMs).toISOString(),
      lastError: this.#lastError,
    };
  }
}

function rate(count: number, seconds: number): number {
  return seconds > 0 ? Math.round((10 * count) / seconds) / 10 : 0;
}

function positionsOf(progress: Progress | undefined): CaptureStatus['positions'] {
  return progress === undefined
    ? null
    : {
        received: formatLsn(progress.received),
        enqueued: formatLsn(progress.enqueued.lsn),
        durable: formatLsn(progress.durable.lsn),
        acknowledged: formatLsn(progress.acknowledged),
      };
}
