import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '@walmq/change';
import type { AlertsConfig, WalmqConfig } from '@walmq/config';
import {
  type AlertKeys,
  type AlertMessage,
  type AlertState,
  alertKeys,
  type Delivery,
  decideAlerts,
  leadAlerts,
  leaveAlerts,
  type PipelineStatus,
  renderAlert,
  saveAlerts,
  settleDelivery,
} from '@walmq/operations';
import { type Logger, redact } from '@walmq/runtime';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Target } from '../targets/target.js';
import { DatabaseLease } from './database-lease.js';
import type { AlertMetrics } from './metrics.js';
import { rulesOf } from './rules-of.js';
import { StateFile } from './state-file.js';

export interface WatcherOptions {
  readonly config: WalmqConfig;
  readonly alerts: AlertsConfig;
  readonly targets: readonly Target[];
  readonly log: Logger;
  /** Default: none. */
  readonly metrics?: AlertMetrics;
  /** Or why there is none. */
  readonly database: Pool | Error;
  /** A copy of the state, for a restart while Redis is away. Default: none. */
  readonly stateFile?: string | undefined;
}

/** What a look has led to. */
export interface Watched {
  /** False: another watcher sends. */
  readonly leads: boolean;
  /** Messages that targets have taken. */
  readonly sent: number;
  /** Why a target has not taken a message. */
  readonly failures: readonly { readonly target: string; readonly error: string }[];
}

/**
 * Tells what the status shows. Several watchers agree by a lease in Redis; while Redis is away, by a lock of the database; if both
 * are away, each tells by itself, because an alert twice is better than none.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #keys: AlertKeys;
  readonly #id = randomBytes(8).toString('hex');
  readonly #file: StateFile;
  readonly #lease: DatabaseLease | undefined;
  /** The newest state that this watcher knows. Undefined before the first look. */
  #known: AlertState | undefined;
  /** As it was noted last. */
  #leads: boolean | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    const { config, database } = options;
    this.#keys = alertKeys(config);
    this.#file = new StateFile(options.stateFile);
    this.#lease =
      database instanceof Error
        ? undefined
        : new DatabaseLease(database, `${config.redis.prefix} ${config.source.slot}`);
  }

  /** Decides about one look, and sends what is due. Never rejects because of a server or a target. */
  async tell(status: PipelineStatus, redis: Redis | Error): Promise<Watched> {
    const { alerts } = this.#options;
    const place = await this.#lead(status, redis);
    this.#note(place.leads);
    if (!place.leads) return { leads: false, sent: 0, failures: NO_FAILURES };
    const decided = decideAlerts({
      verdicts: status.verdicts,
      state: place.state,
      nowMs: Date.now(),
      rules: rulesOf(alerts),
    });
    // Saved before it is sent: who takes over after a crash sends what is still in the outbox, and nothing else.
    if (!(await this.#save(decided, place.redis))) return { leads: false, sent: 0, failures: NO_FAILURES };
    return await this.#deliver(decided, place.redis);
  }

  /** Lets another watcher lead at once. */
  async close(redis: Redis | Error): Promise<void> {
    this.#lease?.leave();
    if (!(redis instanceof Error) && redis.status === 'ready')
      await inTime(leaveAlerts(redis, this.#keys, this.#id)).catch(() => undefined);
  }

  #note(leads: boolean): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    const { log } = this.#options;
    if (leads) log.info({ event: 'alerts:leads' }, 'Sends alerts');
    else log.info({ event: 'alerts:stands-by' }, 'Stands by: another process sends alerts');
  }

  async #lead(status: PipelineStatus, redis: Redis | Error): Promise<Place> {
    this.#known ??= await this.#file.read();
    if (status.redis.reachable && !(redis instanceof Error)) {
      try {
        const { leads, state } = await inTime(leadAlerts(redis, this.#keys, this.#id));
        // What was told while Redis was away is newer than what Redis holds.
        this.#known = state.revision >= this.#known.revision ? state : this.#known;
        this.#lease?.leave();
        return { leads, state: this.#known, redis };
      } catch (error) {
        this.#options.log.warn(
          { event: 'alerts:no-redis', error: messageOf(error) },
          'The state of alerts cannot be read from Redis',
        );
      }
    }
    return { leads: await this.#leadsWithoutRedis(), state: this.#known, redis: undefined };
  }

  async #leadsWithoutRedis(): Promise<boolean> {
    try {
      return (await this.#lease?.take()) ?? true;
    } catch {
      return true;
    }
  }

  /** False if another watcher leads now. */
  async #save(state: AlertState, redis: Redis | undefined): Promise<boolean> {
    if (redis) {
      try {
        if (!(await inTime(saveAlerts(redis, this.#keys, { watcher: this.#id, alerts: state }))))
          return false;
      } catch (error) {
        this.#options.log.warn(
          { event: 'alerts:no-redis', error: messageOf(error) },
          'The state of alerts cannot be written to Redis',
        );
      }
    }
    this.#known = state;
    await this.#file.write(state);
    return true;
  }

  async #deliver(decided: AlertState, redis: Redis | undefined): Promise<Watched> {
    const { targets } = this.#options;
    const nowMs = Date.now();
    const due = decided.outbox.filter(({ dueMs }) => dueMs <= nowMs);
    const results = (
      await Promise.all(
        targets.map(target =>
          this.#sendAll(
            target,
            due.filter(delivery => delivery.target === target.name),
          ),
        ),
      )
    ).flat();
    if (results.length === 0) return { leads: true, sent: 0, failures: NO_FAILURES };
    const settled = results.reduce(
      (state, { delivery, error }) => settleDelivery(state, delivery, { error, nowMs: Date.now() }),
      decided,
    );
    await this.#save({ ...settled, revision: settled.revision + 1 }, redis);
    const failures = results.flatMap(({ delivery: { target }, error }) =>
      error === null ? [] : { target, error },
    );
    return { leads: true, sent: results.length - failures.length, failures };
  }

  /** In their order. After a failure the target is left alone until the next look. */
  async #sendAll(target: Target, due: readonly Delivery[]): Promise<Result[]> {
    const results: Result[] = [];
    for (const delivery of due) {
      const error = await this.#send(target, delivery.message);
      results.push({ delivery, error });
      if (error !== null) break;
    }
    return results;
  }

  async #send(target: Target, message: AlertMessage): Promise<string | null> {
    const { log, metrics } = this.#options;
    const { code, kind } = message;
    try {
      await target.send(message, renderAlert(message, placeOf(this.#options)));
      metrics?.sent(target.name);
      log.info({ event: 'alert:sent', target: target.name, code, kind }, 'Sent an alert');
      return null;
    } catch (cause) {
      const error = redact(messageOf(cause));
      metrics?.failed(target.name);
      log.error({ event: 'alert:not-sent', target: target.name, code, kind, error }, 'An alert was not sent');
      return error;
    }
  }
}

/** The names that a message gives to the pipeline and its dashboard. */
export function placeOf({
  config,
  alerts,
}: Pick<WatcherOptions, 'config' | 'alerts'>): Parameters<typeof renderAlert>[1] {
  return {
    pipeline: alerts.pipeline ?? config.source.slot,
    dashboardUrl: alerts.dashboardUrl?.replace(/\/+$/, ''),
  };
}

interface Place {
  readonly leads: boolean;
  readonly state: AlertState;
  /** Undefined: away. */
  readonly redis: Redis | undefined;
}

interface Result {
  readonly delivery: Delivery;
  readonly error: string | null;
}

/** A connection that reconnects lets commands wait without a limit. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      answer,
      setTimeout(ANSWER_MS, undefined, timer).then((): never => {
        throw new Error(`no answer within ${ANSWER_MS} ms`);
      }),
    ]);
  } finally {
    timer.abort();
  }
}

const ANSWER_MS = 5000;
const NO_FAILURES: Watched['failures'] = [];
