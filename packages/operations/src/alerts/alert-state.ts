import type { Severity, Verdict } from '../status/pipeline-status.js';

/** What the watchers of a pipeline remember between looks, as plain JSON. Times are milliseconds since 1970. */
export interface AlertState {
  /** One more with each save: of two copies, the one with the greater number is the newer. */
  readonly revision: number;
  readonly savedAtMs: number;
  /** By `problemKey`. */
  readonly problems: Readonly<Record<string, OpenProblem>>;
  /** Messages that wait to be sent, oldest first. */
  readonly outbox: readonly Delivery[];
  /** By name. */
  readonly targets: Readonly<Record<string, TargetState>>;
}

/** Verdicts of one code about one queue, or about the pipeline. */
export interface OpenProblem {
  readonly code: string;
  readonly severity: Severity;
  readonly queue: string | null;
  readonly sentences: readonly string[];
  readonly remedy: string;
  readonly sinceMs: number;
  readonly lastSeenMs: number;
  /** When the last message about it was written. Null: it has not held for long enough. */
  readonly toldMs: number | null;
  /** How many messages there were. */
  readonly told: number;
}

export type AlertKind = 'problem' | 'reminder' | 'over' | 'test';

export interface AlertMessage {
  /** The same for every target and every attempt. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly code: string;
  readonly severity: Severity;
  readonly queue: string | null;
  readonly sentences: readonly string[];
  readonly remedy: string;
  /** When it began. */
  readonly sinceMs: number;
  readonly atMs: number;
}

/** A message on its way to one target. */
export interface Delivery {
  readonly target: string;
  readonly message: AlertMessage;
  /** That have failed. */
  readonly attempts: number;
  /** Not before. */
  readonly dueMs: number;
}

export interface TargetState {
  /** Null: the last attempt succeeded, or there was none. */
  readonly failingSinceMs: number | null;
  readonly error: string | null;
  /** Messages that were given up. */
  readonly lost: number;
}

export const NO_ALERTS: AlertState = { revision: 0, savedAtMs: 0, problems: {}, outbox: [], targets: {} };
export const FINE: TargetState = { failingSinceMs: null, error: null, lost: 0 };

/** Verdicts with the same key are one problem. */
export function problemKey({ code, queue }: Pick<Verdict, 'code' | 'queue'>): string {
  return queue === undefined ? code : `${code} ${queue}`;
}
