import { formatPosition, qualifiedName } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { type Logger, RepeatLimit } from '@walmq/runtime';
import { logBackfill } from '../backfill/log-backfill.js';
import type { CaptureEvent, Emit } from './capture-event.js';

/** Writes events to the log. */
export function logEvents({ source, deadLetter }: WalmqConfig, log: Logger): Emit {
  // Whoever may send messages decides how often.
  const contexts = new RepeatLimit();
  const events = new RepeatLimit();
  let reported: readonly string[] = [];

  function logTables({ findings }: Extract<CaptureEvent, { type: 'tables' }>): void {
    for (const { code, table, sentence, remedy } of findings)
      if (!reported.includes(sentence)) log.warn({ event: 'tables:found', code, table, remedy }, sentence);
    if (reported.length > 0 && findings.length === 0)
      log.info({ event: 'tables:well' }, 'Every change that the queues expect comes');
    reported = findings.map(({ sentence }) => sentence);
  }

  return event => {
    switch (event.type) {
      case 'notice':
        log.warn({ event: event.event }, event.sentence);
        break;
      case 'unchecked':
        log.warn(
          { event: 'durability:unchecked', durability: event.durability },
          'Redis does not show how it keeps data; redis.trustDurability accepts that',
        );
        break;
      case 'streaming': {
        const position = formatPosition(event.position);
        log.info({ event: 'stream:started', slot: source.slot, position }, `Streaming from ${position}`);
        break;
      }
      case 'paused':
        logPause(event, log);
        break;
      case 'resumed':
        logResumption(event, log);
        break;
      case 'drift': {
        const { queue, table, differences, action } = event.notice;
        if (differences.length === 0) break;
        log.warn(
          { event: 'drift:found', queue, table, differences, action },
          `${table} is not as the queue "${queue}" expects it${action === 'pause' ? ': the queue is paused' : ''}`,
        );
        break;
      }
      case 'tables':
        logTables(event);
        break;
      case 'tables-unseen':
        log.warn(
          { event: 'tables:unseen', error: event.error.message },
          `The tables cannot be looked at, or not added to the publication: ${event.error.message}`,
        );
        break;
      case 'context-refused': {
        const { reason } = event;
        const { isLogged, suppressed } = contexts.next(Date.now());
        if (!isLogged) break;
        log.warn(
          { event: 'context:refused', reason, suppressed },
          `A transaction's context cannot be read: ${reason}; its changes go on without a context`,
        );
        break;
      }
      case 'change-parked': {
        const { change, reason } = event;
        const table = qualifiedName(change);
        log.warn(
          { event: 'change:parked', changeId: change.id, table, reason },
          `A change is enqueued by its key alone, and its job fails: ${reason}`,
        );
        break;
      }
      case 'event-malformed': {
        const { reason, changeId } = event;
        const { isLogged, suppressed } = events.next(Date.now());
        if (!isLogged) break;
        log.warn(
          { event: 'event:malformed', reason, changeId, queue: deadLetter, suppressed },
          `No queue takes an event: ${reason}`,
        );
        break;
      }
      case 'backfill':
        logBackfill(log, event.notice);
        break;
      case 'interrupted': // keepStreaming logs it, with the time of the next try.
      case 'progress':
      case 'changes':
      case 'batch':
      case 'slot':
      case 'slot-unknown':
        break;
    }
  };
}

function logPause(event: Extract<CaptureEvent, { type: 'paused' }>, log: Logger): void {
  if (event.cause === 'redis') {
    const { error, retryInMs } = event;
    log.warn(
      { event: 'enqueue:paused', error: error.message, retryInMs },
      'Paused: PostgreSQL holds the backlog',
    );
    return;
  }
  const { reason } = event;
  switch (event.cause) {
    case 'backlog':
      log.warn(
        { event: 'backlog:paused', reason },
        `Paused: ${reason}; PostgreSQL holds the changes that come`,
      );
      break;
    case 'visibility':
      log.warn(
        { event: 'catalog:waiting', reason },
        `Waiting: ${reason}; PostgreSQL holds the changes that come`,
      );
      break;
    case 'postgres':
      log.warn({ event: 'stream:stalled', reason }, `No change arrives: ${reason}`);
      break;
  }
}

function logResumption({ cause }: Extract<CaptureEvent, { type: 'resumed' }>, log: Logger): void {
  switch (cause) {
    case 'redis':
      log.info({ event: 'enqueue:resumed' }, 'Enqueueing again');
      break;
    case 'backlog':
      log.info({ event: 'backlog:resumed' }, 'The backlog is below its limits: enqueueing again');
      break;
    case 'visibility':
      log.info({ event: 'catalog:shown' }, 'The transaction is visible: enqueueing again');
      break;
    case 'postgres':
      log.info({ event: 'stream:flows' }, 'PostgreSQL sends again');
      break;
  }
}
