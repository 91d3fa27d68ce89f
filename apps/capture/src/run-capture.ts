import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { heartbeatPrefix } from '@walmq/operations';
import type { DatabaseUrl } from '@walmq/postgres';
import { runService, type Service, type Start, versionBeside } from '@walmq/runtime';
import { boundHeap } from './bound-heap.js';
import { watchDeadLetters } from './events/dead-letter-queue.js';
import { ChangeTracer } from './pipeline/trace.js';
import { StallClock } from './postgres/stall.js';
import { watchSlot } from './postgres/watch-slot.js';
import { LagClock } from './progress/lag-clock.js';
import { keepStreaming } from './session/keep-streaming.js';
import { StatusTracker } from './telemetry/capture-status.js';
import { startHeartbeat } from './telemetry/heartbeat.js';
import { captureMetrics } from './telemetry/metrics.js';
import { createReport } from './telemetry/report.js';

/** Runs capture until a signal or a fault ends the process. */
export async function runCapture(given: Start = {}): Promise<void> {
  boundHeap();
  await runService(
    {
      name: 'capture',
      defaultPort: 9101,
      needs: ['replication', 'redis'],
      start: async service => {
        const { config, environment, log, stopping, fail } = service;
        const { slot } = config.source;
        const databaseUrl = environment.database as DatabaseUrl;
        const redisUrl = environment.redisUrl as string;

        const metrics = captureMetrics(service.metrics);
        const instance = randomBytes(4).toString('hex');
        const tracker = new StatusTracker({
          instance,
          host: hostname(),
          pid: process.pid,
          version: versionBeside(import.meta.url),
          startedAt: new Date().toISOString(),
          slot,
        });
        const heartbeat = startHeartbeat({
          redisUrl,
          prefix: heartbeatPrefix(config.redis),
          take: nowMs => tracker.take(nowMs),
        });
        service.onStop('heartbeat', () => heartbeat.stop());
        const report = createReport({ config, log, metrics, tracker, heartbeat });
        service.readyWhen('stream', report.idleBecause);

        const lag = new LagClock();
        const stall = new StallClock();
        runUntilStop(service, 'watch', signal =>
          watchSlot({
            databaseUrl,
            slot,
            deadlineMs: config.source.deadlineMs,
            signal,
            onLook: snapshot => {
              const nowMs = Date.now();
              if (snapshot.slot)
                lag.look({ walEnd: snapshot.walEnd, acknowledged: snapshot.slot.confirmedFlushLsn, nowMs });
              const { caughtUpAtMs } = lag;
              report.emit({ type: 'slot', snapshot, lagMs: lag.lagMs(nowMs), caughtUpAtMs });
              const { stall: reason, slot: seen } = snapshot;
              report.stalled(stall.look({ reason, confirmedFlush: seen?.confirmedFlushLsn }));
            },
            onUnreachable: () => report.emit({ type: 'slot-unknown' }),
          }),
        );
        const deadLetters = watchDeadLetters({ config, databaseUrl, redisUrl, log, onFault: fail });
        if (deadLetters) service.onStop('dead letters', () => deadLetters.stop());

        const finished = keepStreaming({
          config,
          databaseUrl,
          redisUrl,
          instance,
          stopping,
          log,
          fail,
          emit: report.emit,
          tracer: environment.tracing ? new ChangeTracer() : undefined,
        });
        service.onStop('stream', () => finished);
      },
    },
    given,
  );
}

/** Starts a task that the service ends, and awaits, when the service stops. */
function runUntilStop(
  service: Pick<Service, 'onStop'>,
  name: string,
  task: (signal: AbortSignal) => Promise<void>,
): void {
  const ending = new AbortController();
  const ended = task(ending.signal);
  service.onStop(name, async () => {
    ending.abort();
    await ended;
  });
}
