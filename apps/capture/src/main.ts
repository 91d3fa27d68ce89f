import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WalmqError } from '@walmq/change';
import { redact, runService, type Service } from '@walmq/service';
import { heartbeatPrefix } from '@walmq/status';
import { logBackfill } from './backfill/log-backfill.js';
import { boundHeap } from './bound-heap.js';
import { startHeartbeat } from './heartbeat.js';
import { LagClock } from './lag-clock.js';
import { watchMalformedEvents } from './malformed-events.js';
import { captureMetrics } from './metrics.js';
import { Pauses } from './pauses.js';
import { Portrait } from './portrait.js';
import { type Recovery, recoveryOf, retryDelayMs } from './recover.js';
import { runSession, type SessionOptions } from './session.js';
import { ChangeTracer } from './trace.js';
import { watchSlot } from './watch-slot.js';

boundHeap();
await runService({
  name: 'capture',
  defaultPort: 9101,
  needs: ['database', 'redis'],
  start: async service => {
    const { config, environment, log, metrics: registry, stopping } = service;
    const metrics = captureMetrics(registry);
    /** Why capture does not read the slot; undefined while it does. */
    let idleBecause: string | undefined = 'it is starting';
    const portrait = new Portrait({
      instance: randomBytes(4).toString('hex'),
      host: hostname(),
      pid: process.pid,
      version: version(),
      startedAt: new Date().toISOString(),
      slot: config.source.slot,
    });
    const pauses = new Pauses(reasons => {
      metrics.pauses(reasons);
      portrait.pauses([...reasons.values()].map(redact));
    });
    let sessionsSinceStreaming = 0;
    service.readyWhen('stream', () => idleBecause ?? pauses.reason);

    const options: SessionOptions = {
      config,
      databaseUrl: environment.databaseUrl as string,
      redisUrl: environment.redisUrl as string,
      stopping,
      tracer: environment.tracing ? new ChangeTracer() : undefined,
      observer: {
        unchecked: durability =>
          log.warn(
            { event: 'durability:unchecked', durability },
            'Redis does not say how it keeps data; the promise is taken on trust',
          ),
        streaming: position => {
          sessionsSinceStreaming = 0;
          idleBecause = undefined;
          metrics.became('active');
          metrics.durabilityKept(true);
          portrait.streaming();
          heartbeat.beat();
          log.info(
            { event: 'stream:started', slot: config.source.slot, position },
            `Streaming from ${position}`,
          );
        },
        progress: progress => {
          metrics.progress(progress);
          portrait.progress(progress);
        },
        change: change => {
          metrics.change(change);
          portrait.change();
        },
        batch: jobs => {
          metrics.batch(jobs);
          portrait.batch(jobs);
        },
        paused: (error, retryInMs) => {
          metrics.durabilityKept((error as Partial<WalmqError>).code !== 'NOT_DURABLE_YET');
          pauses.begin('redis', `Redis takes no batches: ${error.message}`);
          log.warn(
            { event: 'enqueue:paused', error: error.message, retryInMs },
            'Paused: PostgreSQL holds the backlog',
          );
        },
        resumed: () => {
          pauses.end('redis');
          metrics.durabilityKept(true);
          log.info({ event: 'enqueue:resumed' }, 'Enqueueing again');
        },
        held: reason => {
          pauses.begin('backlog', `the backlog is at its limit: ${reason}`);
          log.warn({ event: 'backlog:paused', reason }, `Paused: ${reason}; PostgreSQL holds what comes`);
        },
        drift: notice => {
          metrics.drift(notice);
          const { queue, table, differences, action } = notice;
          if (differences.length > 0)
            log.warn(
              { event: 'drift:found', queue, table, differences, action },
              `${table} is not as the queue "${queue}" expects it${action === 'pause' ? ': the queue is paused' : ''}`,
            );
        },
        contextRefused: reason => {
          metrics.contextRefused();
          log.warn(
            { event: 'context:refused', reason },
            `A transaction's context cannot be read: ${reason}; its changes go on without it`,
          );
        },
        eventMalformed: (reason, changeId) => {
          metrics.eventMalformed();
          log.warn(
            { event: 'event:malformed', reason, changeId, queue: config.malformed },
            `An event is none that a queue takes: ${reason}`,
          );
        },
        backfill: notice => {
          if (notice.event === 'chunk') metrics.backfilled(notice.backfill.queue, notice.enqueued);
          logBackfill(log, notice);
        },
        released: () => {
          pauses.end('backlog');
          log.info({ event: 'backlog:resumed' }, 'The backlog is below its limits: enqueueing again');
        },
      },
    };
    const lag = new LagClock();
    const watch = watchSlot({
      databaseUrl: options.databaseUrl,
      slot: config.source.slot,
      onLook: sight => {
        const nowMs = Date.now();
        if (sight.slot) lag.look({ walEnd: sight.walEnd, acknowledged: sight.slot.confirmedFlushLsn, nowMs });
        metrics.slot(sight, lag.lagMs(nowMs));
        portrait.sees(sight.source, lag.caughtUpAtMs);
      },
      onBlind: () => metrics.slotUnknown(),
    });
    service.onStop('watch', () => watch.stop());
    const heartbeat = startHeartbeat({
      redisUrl: options.redisUrl,
      prefix: heartbeatPrefix(config.redis),
      take: nowMs => portrait.take(nowMs),
    });
    service.onStop('heartbeat', () => heartbeat.stop());
    const { databaseUrl, redisUrl } = options;
    const malformed = watchMalformedEvents({ config, databaseUrl, redisUrl, log });
    if (malformed) service.onStop('malformed events', () => malformed.stop());

    const finished = keepStreaming(options, service, (recovery, error) => {
      const role = recovery === 'standby' ? 'standby' : 'waiting';
      metrics.became(role);
      metrics.sessionEnded(error.code);
      pauses.clear();
      portrait.interrupted(role, { code: error.code, message: redact(error.message) }, Date.now());
      heartbeat.beat();
      idleBecause = error.message;
      return retryDelayMs(recovery === 'standby' ? 'standby' : 'retry', sessionsSinceStreaming++);
    });
    service.onStop('stream', () => finished);
  },
});

/** One session after the other until told to stop. */
async function keepStreaming(
  options: SessionOptions,
  { log, stopping, fail }: Pick<Service, 'log' | 'stopping' | 'fail'>,
  interrupted: (recovery: Recovery, error: WalmqError) => number,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      await runSession(options);
    } catch (cause) {
      if (stopping.aborted) return;
      const { error, recovery } = recoveryOf(cause, options.config.source.slot);
      const retryInMs = interrupted(recovery, error);
      if (recovery === 'stop') return fail(error);
      log.warn({ event: 'session:ended', code: error.code, retryInMs }, error.message);
      await sleep(retryInMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
