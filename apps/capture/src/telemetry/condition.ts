import type { CaptureEvent, PauseCause } from './capture-event.js';

/** The condition of a capture, as its events so far have left it. */
export interface Condition {
  /** Why no session streams, as a sentence; undefined while one does. */
  readonly notStreaming: string | undefined;
  /** True while another capture reads the slot, and this one waits to take over. */
  readonly standsBy: boolean;
  /** What keeps the session from enqueueing, as sentences. */
  readonly pauses: ReadonlyMap<PauseCause, string>;
  /** Why changes that queues expect do not come, as a sentence. */
  readonly unpublished: string | undefined;
}

const NO_PAUSES: Condition['pauses'] = new Map();

export const STARTING: Condition = {
  notStreaming: 'it is starting',
  standsBy: false,
  pauses: NO_PAUSES,
  unpublished: undefined,
};

/** A session that is over takes its pauses with it. */
export function nextCondition(condition: Condition, event: CaptureEvent): Condition {
  switch (event.type) {
    case 'streaming':
      return { ...condition, notStreaming: undefined, standsBy: false };
    case 'interrupted':
      return {
        notStreaming: event.error.message,
        standsBy: event.role === 'standby',
        pauses: NO_PAUSES,
        unpublished: undefined,
      };
    case 'paused':
      return { ...condition, pauses: new Map([...condition.pauses, [event.cause, reasonOf(event)]]) };
    case 'resumed':
      return {
        ...condition,
        pauses: new Map([...condition.pauses].filter(([cause]) => cause !== event.cause)),
      };
    case 'tables':
      return {
        ...condition,
        unpublished: event.findings.find(({ isOpen, severity }) => isOpen && severity === 'error')?.sentence,
      };
    default:
      return condition;
  }
}

/**
 * Why changes are not enqueued at present, as a sentence; undefined when all is well. All is well with a standby: if it were
 * not ready, an orchestrator that waits for every replica would wait for ever.
 */
export function idleBecause({ notStreaming, standsBy, pauses, unpublished }: Condition): string | undefined {
  if (standsBy) return undefined;
  return notStreaming ?? pauses.values().next().value ?? unpublished;
}

function reasonOf(event: Extract<CaptureEvent, { type: 'paused' }>): string {
  switch (event.cause) {
    case 'redis':
      return `Redis takes no batches: ${event.error.message}`;
    case 'backlog':
      return `the backlog is at its limit: ${event.reason}`;
    case 'visibility':
    case 'postgres':
      return event.reason;
  }
}

/** The stall of the session that streams, as an event; undefined where nothing has changed. */
export function stallEvent(condition: Condition, stall: string | undefined): CaptureEvent | undefined {
  // A stall of another capture, where this one stands by, is no pause of this one.
  const reason = condition.notStreaming === undefined ? stall : undefined;
  if (reason === condition.pauses.get('postgres')) return undefined;
  return reason === undefined
    ? { type: 'resumed', cause: 'postgres' }
    : { type: 'paused', cause: 'postgres', reason };
}
