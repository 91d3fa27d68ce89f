import { type Contender, FACTS, usesRedis } from './contenders.js';

/** Durability of an answered job: `fsync` is appendfsync always, `memory` is no append-only file. */
export const DURABILITIES = ['fsync', 'memory'] as const;
export type Durability = (typeof DURABILITIES)[number];

export type Width = 'narrow' | 'wide';

/** What a handler does: nothing, or one insert, exactly once (`once`, or the same statements by hand). */
export type Work = 'no-op' | 'once';

/** Number of ordering keys. `row`: each row has its own key. `hot`: every tenth change has the same key. */
export type Keys = number | 'row' | 'hot';

/** A backlog of inserts that is committed before a contender reads it. */
export interface Backlog {
  readonly name: string;
  readonly width: Width;
  readonly rows: number;
  readonly rowsPerTransaction: number;
  readonly keys: Keys;
}

/** From the backlog to jobs in Redis. */
export interface ArrivalCase extends Backlog {
  readonly kind: 'arrival';
}

/** From the backlog to the end of the handlers: with the work `once`, to committed effects. */
export interface EffectCase extends Backlog {
  readonly kind: 'effect';
  readonly work: Work;
  /** Number of worker processes. */
  readonly workers: number;
}

/** Single-row transactions at a steady rate: from commit to Redis, to the handler, and to the end of its work. */
export interface LatencyCase {
  readonly kind: 'latency';
  readonly name: string;
  readonly work: Work;
  readonly changesPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export const VICTIMS = ['capture', 'worker', 'redis', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** SIGKILL of a process under load, and its restart at once: the time until the next effect is committed. */
export interface RecoveryCase {
  readonly kind: 'recovery';
  readonly name: string;
  readonly victim: Victim;
  readonly changesPerSecond: number;
  readonly kills: number;
}

/** What a contender costs the writer's transaction. */
export interface WriterCase {
  readonly kind: 'writer';
  readonly name: string;
  readonly transactions: number;
}

export type Case = ArrivalCase | EffectCase | LatencyCase | RecoveryCase | WriterCase;

export type Size = 'smoke' | 'quick' | 'full';

export interface PlanOptions {
  readonly size: Size;
  /** Parts of case names. Empty: every case. */
  readonly only: readonly string[];
}

/** The cases to measure, in order. */
export function planCases({ size, only }: PlanOptions): Case[] {
  return CASES[size]().filter(({ name }) => only.length === 0 || only.some(part => name.includes(part)));
}

const CASES: Readonly<Record<Size, () => Case[]>> = {
  smoke: () => [
    arrival('single', 'narrow', 200, 1),
    effect('once-hot', 'once', 100, { workers: 2, keys: 'hot' }),
    latency('noop', 50, 1, 1),
    ...VICTIMS.map(victim => recovery(victim, 50, 1)),
    { kind: 'writer', name: 'writer', transactions: 50 },
  ],
  quick: () => [
    arrival('single', 'narrow', 20_000, 1),
    arrival('hundred', 'narrow', 50_000, 100),
    arrival('one', 'narrow', 100_000, 100_000),
    effect('noop-single', 'no-op', 50_000),
    effect('once-1', 'once', 10_000),
    effect('once-4', 'once', 10_000, { workers: 4 }),
    effect('once-hot', 'once', 10_000, { keys: 'hot' }),
    latency('noop', 100, 2, 6),
    latency('noop', 2000, 2, 6),
    latency('once', 500, 2, 6),
    ...VICTIMS.map(victim => recovery(victim, 200, 3)),
    { kind: 'writer', name: 'writer', transactions: 1000 },
  ],
  full: () => [
    ...(['narrow', 'wide'] as const).flatMap(width => [
      arrival('single', width, 100_000, 1),
      arrival('hundred', width, 200_000, 100),
      arrival('one', width, 1_000_000, 1_000_000),
    ]),
    effect('noop-single', 'no-op', 50_000),
    effect('noop-hundred', 'no-op', 50_000, { rowsPerTransaction: 100 }),
    effect('noop-keys-1000000', 'no-op', 1_000_000, { rowsPerTransaction: 100 }),
    effect('once-1', 'once', 30_000),
    effect('once-4', 'once', 30_000, { workers: 4 }),
    effect('once-keys-1', 'once', 2000, { keys: 1 }),
    effect('once-keys-100', 'once', 30_000, { keys: 100 }),
    effect('once-keys-10000', 'once', 30_000, { keys: 10_000 }),
    effect('once-hot', 'once', 20_000, { keys: 'hot' }),
    ...[100, 500, 2000].flatMap(rate => [latency('noop', rate, 3, 20), latency('once', rate, 3, 20)]),
    ...VICTIMS.map(victim => recovery(victim, 200, 5)),
    { kind: 'writer', name: 'writer', transactions: 4000 },
  ],
};

function arrival(name: string, width: Width, rows: number, rowsPerTransaction: number): ArrivalCase {
  return { kind: 'arrival', name: `${name}-${width}`, width, rows, rowsPerTransaction, keys: 'row' };
}

function effect(
  name: string,
  work: Work,
  rows: number,
  { workers = 1, keys = 'row', rowsPerTransaction = 1 }: Partial<EffectCase> = {},
): EffectCase {
  return { kind: 'effect', name, work, rows, rowsPerTransaction, workers, keys, width: 'narrow' };
}

function latency(
  work: 'noop' | 'once',
  changesPerSecond: number,
  warmUpSeconds: number,
  seconds: number,
): LatencyCase {
  return {
    kind: 'latency',
    name: `latency-${work}-${changesPerSecond}`,
    work: work === 'noop' ? 'no-op' : 'once',
    changesPerSecond,
    warmUpSeconds,
    seconds,
  };
}

function recovery(victim: Victim, changesPerSecond: number, kills: number): RecoveryCase {
  return { kind: 'recovery', name: `recovery-${victim}`, victim, changesPerSecond, kills };
}

/** One run of one contender. */
export interface Entry {
  readonly contender: Contender;
  /** Null for a contender without Redis. */
  readonly durability: Durability | null;
}

/**
 * The runs of one round. Contenders alternate over the rounds (A B A B), so that other load of the machine affects all.
 */
export function planRound(
  workload: Case,
  contenders: readonly Contender[],
  durabilities: readonly Durability[],
): Entry[] {
  const taken = contenders.filter(contender => takesPart(workload, contender));
  const kept = durabilities.filter(durability => workload.kind === 'arrival' || durability === 'fsync');
  const withoutRedis = workload.kind === 'writer' ? taken : taken.filter(contender => !usesRedis(contender));
  const withRedis = taken.filter(contender => !withoutRedis.includes(contender));
  return [
    ...withoutRedis.map(contender => ({ contender, durability: null })),
    ...kept.flatMap(durability => withRedis.map(contender => ({ contender, durability }))),
  ];
}

function takesPart(workload: Case, contender: Contender): boolean {
  const { kinds, isPeer = false, reader } = FACTS[contender];
  if (!kinds.includes(workload.kind)) return false;
  // The peers order all changes or none, not the changes of a key; and not all of them run in several processes.
  if (workload.kind === 'effect') return (workload.keys === 'row' && workload.workers === 1) || !isPeer;
  return workload.kind !== 'recovery' || !isPeer || (reader !== null && workload.victim === 'capture');
}

/** The runs of all rounds. Every other round goes backwards, so that no contender always follows the same one. */
export function planRuns(entries: readonly Entry[], rounds: number): Entry[] {
  return Array.from({ length: rounds }, (_, round) =>
    round % 2 === 0 ? entries : entries.toReversed(),
  ).flat();
}
