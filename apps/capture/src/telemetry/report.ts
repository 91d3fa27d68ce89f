import { qualifiedName, type WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { type Logger, RepeatLimit, redact } from '@walmq/runtime';
import { logBackfill } from '../backfill/log-backfill.js';
import { Pauses } from '../progress/pauses.js';
import type { StreamingObserver } from '../session/keep-streaming.js';
import type { StatusTracker } from './capture-status.js';
import type { Heartbeat } from './heartbeat.js';
import type { CaptureMetrics } from './metrics.js';

export interface ReportOptions {
  readonly config: WalmqConfig;
  readonly log: Logger;
  readonly metrics: CaptureMetrics;
  readonly tracker: StatusTracker;
  readonly heartbeat: Heartbeat;
}

export interface Report {
  readonly observer: StreamingObserver;
  /** Why the server sends nothing to whichever capture reads the slot, once that lasts; undefined when it does. */
  stalled(reason: string | undefined): void;
  /** Why changes are not enqueued at present, or do not even come, as a sentence; undefined when all is well. */
  idleBecause(): string | undefined;
}

/** Where a capture tells what happens to it: log, metrics, heartbeat, readiness. */
export function createReport({ config, log, metrics, tracker, heartbeat }: ReportOptions): Report {
  const { slot } = config.source;
  let notStreaming: string | undefined = 'it is starting';
  let stall: string | undefined;
  // Whoever may send messages decides how often.
  const contexts = new RepeatLimit();
  const events = new RepeatLimit();
  let unpublished: string | undefined;
  let told: readonly string[] = [];
  const pauses = new Pauses(reasons => {
    metrics.pauses(reasons);
    tracker.pauses([...reasons.values()].map(redact));
  });
  return {
    idleBecause: () => notStreaming ?? pauses.reason ?? unpublished,
    stalled(reason) {
      // The stall of another capture, where this one stands by.
      const own = notStreaming === undefined ? reason : undefined;
      if (own === stall) return;
      stall = own;
      if (own === undefined) {
        pauses.end('postgres');
        log.info({ event: 'stream:flows' }, 'PostgreSQL sends again');
        return;
      }
      pauses.begin('postgres', own);
      log.warn({ event: 'stream:stalled', reason: own }, `Nothing arrives: ${own}`);
    },
    observer: {
      notice(event, sentence) {
        log.warn({ event }, sentence);
      },
      unchecked(durability) {
        log.warn(
          { event: 'durability:unchecked', durability },
          'Redis does not say how it keeps data; the promise is taken on trust',
        );
      },
      streaming(position) {
        notStreaming = undefined;
        metrics.became('active');
        metrics.durabilityKept(true);
        tracker.streaming();
        heartbeat.beat();
        log.info({ event: 'stream:started', slot, position }, `Streaming from ${position}`);
      },
      interrupted(role, error) {
        notStreaming = error.message;
        metrics.became(role);
        metrics.sessionEnded(error.code);
        pauses.clear();
        unpublished = undefined;
        stall = undefined;
        tracker.interrupted(role, { code: error.code, message: redact(error.message) }, Date.now());
        heartbeat.beat();
      },
      progress(progress) {
        metrics.progress(progress);
        tracker.progress(progress);
      },
      change(change) {
        metrics.change(change);
        tracker.change();
      },
      batch(jobs) {
        metrics.batch(jobs);
        tracker.batch(jobs);
      },
      paused(error, retryInMs) {
        metrics.durabilityKept((error as Partial<WalmqError>).code !== 'NOT_DURABLE_YET');
        pauses.begin('redis', `Redis takes no batches: ${error.message}`);
        log.warn(
          { event: 'enqueue:paused', error: error.message, retryInMs },
          'Paused: PostgreSQL holds the backlog',
        );
      },
      resumed() {
        pauses.end('redis');
        metrics.durabilityKept(true);
        log.info({ event: 'enqueue:resumed' }, 'Enqueueing again');
      },
      held(reason) {
        pauses.begin('backlog', `the backlog is at its limit: ${reason}`);
        log.warn({ event: 'backlog:paused', reason }, `Paused: ${reason}; PostgreSQL holds what comes`);
      },
      released() {
        pauses.end('backlog');
        log.info({ event: 'backlog:resumed' }, 'The backlog is below its limits: enqueueing again');
      },
      hidden(reason) {
        pauses.begin('visibility', reason);
        log.warn({ event: 'catalog:waiting', reason }, `Waiting: ${reason}; PostgreSQL holds what comes`);
      },
      shown() {
        pauses.end('visibility');
        log.info({ event: 'catalog:shown' }, 'The transaction is visible: enqueueing again');
      },
      drift(notice) {
        metrics.drift(notice);
        const { queue, table, differences, action } = notice;
        if (differences.length > 0)
          log.warn(
            { event: 'drift:found', queue, table, differences, action },
            `${table} is not as the queue "${queue}" expects it${action === 'pause' ? ': the queue is paused' : ''}`,
          );
      },
      tables(findings) {
        metrics.tables(findings);
        tracker.found(findings);
        unpublished = findings.find(({ isOpen, severity }) => isOpen && severity === 'error')?.sentence;
        for (const { code, table, sentence, remedy } of findings)
          if (!told.includes(sentence)) log.warn({ event: 'tables:found', code, table, remedy }, sentence);
        if (told.length > 0 && findings.length === 0)
          log.info({ event: 'tables:well' }, 'Every change that the queues expect comes');
        told = findings.map(({ sentence }) => sentence);
      },
      tablesUnseen(error) {
        log.warn(
          { event: 'tables:unseen', error: error.message },
          `The tables cannot be looked at, or not added to the publication: ${error.message}`,
        );
      },
      contextRefused(reason) {
        metrics.contextRefused();
        const { isLogged, suppressed } = contexts.next(Date.now());
        if (isLogged)
          log.warn(
            { event: 'context:refused', reason, suppressed },
            `A transaction's context cannot be read: ${reason}; its changes go on without it`,
          );
      },
      changeParked({ id, schema, table }, reason) {
        metrics.changeParked();
        log.warn(
          { event: 'change:parked', changeId: id, table: qualifiedName({ schema, table }), reason },
          `A change is enqueued by its key alone, and fails: ${reason}`,
        );
      },
      eventMalformed(reason, changeId) {
        metrics.eventMalformed();
        const { isLogged, suppressed } = events.next(Date.now());
        if (isLogged)
          log.warn(
            { event: 'event:malformed', reason, changeId, queue: config.malformed, suppressed },
            `An event is none that a queue takes: ${reason}`,
          );
      },
      backfill(notice) {
        if (notice.event === 'chunk') metrics.backfilled(notice.backfill.queue, notice.enqueued);
        if (notice.event === 'failed') metrics.backfillFailed();
        logBackfill(log, notice);
      },
    },
  };
}
