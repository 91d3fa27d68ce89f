import type { WalmqConfig } from '@walmq/config';
import type { Logger } from '@walmq/runtime';
import type { CaptureEvent, Emit } from './capture-event.js';
import type { StatusTracker } from './capture-status.js';
import { type Condition, idleBecause, nextCondition, STARTING, stallEvent } from './condition.js';
import type { Heartbeat } from './heartbeat.js';
import { logEvents } from './log-events.js';

export interface ReportOptions {
  readonly config: WalmqConfig;
  readonly log: Logger;
  readonly metrics: (event: CaptureEvent, condition: Condition) => void;
  readonly tracker: StatusTracker;
  readonly heartbeat: Heartbeat;
}

export interface Report {
  readonly emit: Emit;
  /** Why the server sends nothing to whichever capture reads the slot, once that lasts; undefined when it sends. */
  stalled(reason: string | undefined): void;
  /** Why changes are not enqueued at present, or do not even come, as a sentence; undefined when all is well. */
  idleBecause(): string | undefined;
}

/** Hands every event to its subscribers: metrics, status, log. */
export function createReport({ config, log, metrics, tracker, heartbeat }: ReportOptions): Report {
  const logEvent = logEvents(config, log);
  let condition = STARTING;
  const emit: Emit = event => {
    condition = nextCondition(condition, event);
    metrics(event, condition);
    tracker.on(event, condition);
    logEvent(event);
    // Another role does not wait for the next beat.
    if (event.type === 'streaming' || event.type === 'interrupted') heartbeat.beat();
  };
  return {
    emit,
    stalled(reason) {
      const event = stallEvent(condition, reason);
      if (event) emit(event);
    },
    idleBecause: () => idleBecause(condition),
  };
}
