import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '@walmq/config';
import { runService, type Service } from '@walmq/service';
import { captureMetrics } from './metrics.js';
import { Pauses } from './pauses.js';
import { type Recovery, recoveryOf, retryDelayMs } from './recover.js';
import { runSession, type SessionOptions } from './session.js';

await runService({
  name: 'capture',
  defaultPort: 9101,
  needs: ['database', 'redis'],
  start: async service => {
    const { environment, log, metrics: registry, stopping } = service;
    const config = await loadConfig(environment.configPath);
    const metrics = captureMetrics(registry);
    /** Why capture does not read the slot; undefined while it does. */
    let idleBecause: string | undefined = 'it is starting';
    const pauses = new Pauses(paused => metrics.paused.set(paused ? 1 : 0));
    let sessionsSinceStreaming = 0;
    service.readyWhen('stream', () => idleBecause ?? pauses.reason);

    const options: SessionOptions = {
      config,
      databaseUrl: config.source.url ?? (environment.databaseUrl as string),
      redisUrl: config.redis.url ?? (environment.redisUrl as string),
      stopping,
      observer: {
        unchecked: durability =>
          log.warn(
            { event: 'durability:unchecked', durability },
            'Redis does not say how it keeps data; the promise is taken on trust',
          ),
        streaming: position => {
          sessionsSinceStreaming = 0;
          idleBecause = undefined;
          metrics.streaming.set(1);
          log.info(
            { event: 'stream:started', slot: config.source.slot, position },
            `Streaming from ${position}`,
          );
        },
        progress: progress => metrics.progress(progress),
        change: change => metrics.change(change),
        batch: jobs => metrics.batch(jobs),
        paused: (error, retryInMs) => {
          pauses.begin('redis', `Redis takes no batches: ${error.message}`);
          log.warn(
            { event: 'enqueue:paused', error: error.message, retryInMs },
            'Paused: PostgreSQL holds the backlog',
          );
        },
        resumed: () => {
          pauses.end('redis');
          log.info({ event: 'enqueue:resumed' }, 'Enqueueing again');
        },
        held: reason => {
          pauses.begin('backlog', `the backlog is at its limit: ${reason}`);
          log.warn({ event: 'backlog:paused', reason }, `Paused: ${reason}; PostgreSQL holds what comes`);
        },
        released: () => {
          pauses.end('backlog');
          log.info({ event: 'backlog:resumed' }, 'The backlog is below its limits: enqueueing again');
        },
      },
    };
    const finished = keepStreaming(options, service, (recovery, reason) => {
      metrics.streaming.set(0);
      pauses.clear();
      idleBecause = reason;
      return retryDelayMs(recovery, sessionsSinceStreaming++);
    });
    service.onStop('stream', () => finished);
  },
});

/** One session after the other until told to stop. */
async function keepStreaming(
  options: SessionOptions,
  { log, stopping, fail }: Pick<Service, 'log' | 'stopping' | 'fail'>,
  interrupted: (recovery: Exclude<Recovery, 'stop'>, reason: string) => number,
): Promise<void> {
  while (!stopping.aborted) {
    try {
      await runSession(options);
    } catch (cause) {
      if (stopping.aborted) return;
      const { error, recovery } = recoveryOf(cause, options.config.source.slot);
      if (recovery === 'stop') return fail(error);
      const retryInMs = interrupted(recovery, error.message);
      log.warn({ event: 'session:ended', code: error.code, retryInMs }, error.message);
      await sleep(retryInMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
