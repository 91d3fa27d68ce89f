import type { Histogram } from './histogram.js';

/** Where a queue's figures are: BullMQ's prefix, with the hash tag of its shard, and the queue's name. */
export interface FiguresPlace {
  readonly prefix: string;
  readonly name: string;
}

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** The figures of the last minute are counted in parts of this length. */
export const PART_MS = 10_000;
/** Minutes are kept for the last hour, hours for the last day, and both a little longer. */
export const MINUTE_KEPT_MS = 75 * MINUTE_MS;
export const HOUR_KEPT_MS = 26 * HOUR_MS;

/** One hash per queue and minute. Below the queue's own keys, so that they share its hash tag and end with it. */
export function minuteKey({ prefix, name }: FiguresPlace, minute: number): string {
  return `${prefix}:${name}:walmq:figures:minute:${minute}`;
}

/** One hash per queue and hour. */
export function hourKey({ prefix, name }: FiguresPlace, hour: number): string {
  return `${prefix}:${name}:walmq:figures:hour:${hour}`;
}

/** How a try of a change ended, as far as figures tell it apart. */
export type Ending = 'done' | 'failed' | 'retried';

/** What was counted in a minute or an hour. */
export interface Slot {
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  /** Done before their commit, by the clocks: the clocks of PostgreSQL and the worker differ. */
  readonly early: number;
  /** From the commit to the end of the handler. */
  readonly latency: Histogram;
  /** How long handlers took. */
  readonly duration: Histogram;
  /** Done in each ten seconds; only of minutes. */
  readonly parts: ReadonlyMap<number, number>;
  /** The queue's backlog at the last report in the slot; only of minutes. */
  readonly backlog?: BacklogSample;
}

export interface BacklogSample {
  /** Milliseconds since 1970, by Redis' clock. */
  readonly atMs: number;
  /** Waiting, prioritized and active. */
  readonly ready: number;
  /** Waiting for an earlier change of their key. */
  readonly parked: number;
}

export const EMPTY_SLOT: Slot = {
  done: 0,
  failed: 0,
  retried: 0,
  early: 0,
  latency: new Map(),
  duration: new Map(),
  parts: new Map(),
};

/** Names of fields of a hash: a letter for a histogram and the number of the bucket. */
export const latencyField = (bucket: number) => `l${bucket}`;
export const durationField = (bucket: number) => `d${bucket}`;
export const partField = (part: number) => `p${part}`;
/** A worker's last report in this minute, so that a report that the client sends again does not count twice. */
export const reporterField = (reporter: string) => `w:${reporter}`;

/** Fields with a name of their own. */
interface PlainCounts {
  done: number;
  failed: number;
  retried: number;
  early: number;
  at: number;
  ready: number;
  parked: number;
}

const CODE_0 = 48;
const CODE_9 = 57;

/** From the fields and values of a hash, in turn. Ignores unknown fields. A look reads thousands of hashes, so no regular expression. */
export function slotOf(reply: readonly string[]): Slot {
  const plain: PlainCounts & Record<string, number> = {
    done: 0,
    failed: 0,
    retried: 0,
    early: 0,
    at: 0,
    ready: 0,
    parked: 0,
  };
  const latency = new Map<number, number>();
  const duration = new Map<number, number>();
  const parts = new Map<number, number>();
  const histograms: Readonly<Record<string, Map<number, number>>> = { l: latency, d: duration, p: parts };
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const field = reply[at] as string;
    const count = Number(reply[at + 1]);
    const second = field.charCodeAt(1);
    const numbered = second >= CODE_0 && second <= CODE_9 ? histograms[field.charAt(0)] : undefined;
    if (numbered) numbered.set(Number(field.slice(1)), count);
    else if (field in plain) plain[field] = count;
  }
  const { done, failed, retried, early, at: atMs, ready, parked } = plain;
  const counts = { done, failed, retried, early, latency, duration, parts };
  return atMs === 0 ? counts : { ...counts, backlog: { atMs, ready, parked } };
}
