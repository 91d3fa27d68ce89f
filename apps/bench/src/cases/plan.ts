/** Programs to compare. Each reads a slot, except `redis`, which calls the enqueue script with jobs from memory. */
export const CONTENDERS = ['postgres', 'redis', 'glue', 'walmq', 'other'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** Durability of an answered job: `fsync` is appendfsync always, `memory` is no append-only file. */
export const DURABILITIES = ['fsync', 'memory'] as const;
export type Durability = (typeof DURABILITIES)[number];

export type Width = 'narrow' | 'wide';

/** A backlog of inserts that is committed before a contender reads it. */
export interface ThroughputCase {
  readonly kind: 'throughput';
  readonly name: string;
  readonly width: Width;
  readonly rows: number;
  readonly rowsPerTransaction: number;
}

/** Single-row transactions at a steady rate, from commit to a BullMQ worker's handler. */
export interface LatencyCase {
  readonly kind: 'latency';
  readonly name: string;
  readonly changesPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export type Case = ThroughputCase | LatencyCase;

export interface PlanOptions {
  readonly quick: boolean;
  /** Parts of case names. Empty: every case. */
  readonly only: readonly string[];
}

/** The cases to measure, in order. */
export function planCases({ quick, only }: PlanOptions): Case[] {
  return (quick ? quickCases() : fullCases()).filter(
    ({ name }) => only.length === 0 || only.some(part => name.includes(part)),
  );
}

function quickCases(): Case[] {
  return [
    throughput('single', 'narrow', 20_000, 1),
    throughput('hundred', 'narrow', 50_000, 100),
    throughput('one', 'narrow', 100_000, 100_000),
    throughput('one', 'wide', 100_000, 100_000),
    latency(100, 2, 10),
    latency(2000, 2, 10),
  ];
}

function fullCases(): Case[] {
  return [
    ...(['narrow', 'wide'] as const).flatMap(width => [
      throughput('single', width, 100_000, 1),
      throughput('hundred', width, 200_000, 100),
      throughput('one', width, 1_000_000, 1_000_000),
    ]),
    latency(100, 3, 30),
    latency(2000, 3, 20),
  ];
}

function throughput(name: string, width: Width, rows: number, rowsPerTransaction: number): ThroughputCase {
  return { kind: 'throughput', name: `${name}-${width}`, width, rows, rowsPerTransaction };
}

function latency(changesPerSecond: number, warmUpSeconds: number, seconds: number): LatencyCase {
  return { kind: 'latency', name: `latency-${changesPerSecond}`, changesPerSecond, warmUpSeconds, seconds };
}

/** One run of one contender. */
export interface Entry {
  readonly contender: Contender;
  /** Null for the contender `postgres`, which has no Redis. */
  readonly durability: Durability | null;
}

/**
 * The runs of one round. Contenders alternate over the rounds (A B A B), so that other load of the machine affects all.
 */
export function planRound(
  kind: Case['kind'],
  contenders: readonly Contender[],
  durabilities: readonly Durability[],
): Entry[] {
  const readers = contenders.filter(contender => contender !== 'postgres');
  const taken = kind === 'latency' ? readers.filter(contender => contender !== 'redis') : readers;
  const ceiling = kind === 'throughput' && contenders.includes('postgres');
  return [
    ...(ceiling ? [{ contender: 'postgres', durability: null } as const] : []),
    ...durabilities.flatMap(durability => taken.map(contender => ({ contender, durability }))),
  ];
}
