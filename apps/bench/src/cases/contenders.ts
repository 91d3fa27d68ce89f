/** Programs to compare. See docs/reference/benchmark.md. */
export const CONTENDERS = [
  'postgres',
  'redis',
  'glue',
  'walmq',
  'walmq-tuned',
  'batch',
  'bullmq',
  'other',
  'other-batch',
  'debezium',
  'debezium-tuned',
  'graphile',
  'graphile-tuned',
  'pg-boss',
  'outbox',
] as const;
export type Contender = (typeof CONTENDERS)[number];

export type CaseKind = 'arrival' | 'effect' | 'latency' | 'recovery' | 'writer';

/** A database with what a contender needs to be fed: a publication and slots, or a trigger. */
export type DatabaseKind = 'plain' | 'graphile' | 'pg-boss' | 'outbox';

/** The program that brings changes from PostgreSQL to Redis. Null: a trigger writes jobs into PostgreSQL. */
export type ReaderKind = 'capture' | 'other-capture' | 'glue' | 'feed' | 'debezium' | 'debezium-tuned' | null;

/** The program that runs handlers. */
export type ConsumerKind = 'kit' | 'bullmq' | 'stream' | 'graphile' | 'pg-boss' | 'outbox';

export interface ContenderFacts {
  readonly database: DatabaseKind;
  readonly reader: ReaderKind;
  readonly consumer: ConsumerKind | null;
  /** True for handlers of batches, or for a peer's settings that its documentation recommends for throughput. */
  readonly isTuned?: boolean;
  /** True for the settings of Redis and of the queue that docs/guides/throughput.md recommends. */
  readonly isForThroughput?: boolean;
  /** True for the programs of the checkout that `--against` names. */
  readonly isOther?: boolean;
  readonly kinds: readonly CaseKind[];
  /** Measured only with --peers. */
  readonly isPeer?: boolean;
  /** Share of a case's rows, for a contender that would take too long for all of them. Default: 1. */
  readonly share?: number;
}

const WALMQ = { database: 'plain', reader: 'capture', consumer: 'kit' } as const;
const DEBEZIUM = { database: 'plain', consumer: 'stream', isPeer: true } as const;

/** What is measured, and by which programs. */
export const FACTS: Readonly<Record<Contender, ContenderFacts>> = {
  postgres: { database: 'plain', reader: null, consumer: null, kinds: ['arrival', 'writer'] },
  redis: { database: 'plain', reader: 'feed', consumer: null, kinds: ['arrival'] },
  glue: {
    database: 'plain',
    reader: 'glue',
    consumer: 'bullmq',
    kinds: ['arrival', 'effect', 'latency'],
  },
  walmq: { ...WALMQ, kinds: ['arrival', 'effect', 'latency', 'recovery', 'writer'] },
  'walmq-tuned': { ...WALMQ, isForThroughput: true, kinds: ['arrival', 'effect'] },
  batch: { ...WALMQ, isTuned: true, kinds: ['effect', 'latency'] },
  bullmq: { ...WALMQ, consumer: 'bullmq', kinds: ['effect'] },
  other: {
    ...WALMQ,
    reader: 'other-capture',
    isOther: true,
    kinds: ['arrival', 'effect', 'latency', 'recovery'],
  },
  'other-batch': {
    ...WALMQ,
    reader: 'other-capture',
    isOther: true,
    isTuned: true,
    kinds: ['effect', 'latency'],
  },
  debezium: { ...DEBEZIUM, reader: 'debezium', kinds: ['arrival', 'effect', 'latency', 'recovery'] },
  'debezium-tuned': { ...DEBEZIUM, reader: 'debezium-tuned', kinds: ['arrival', 'effect', 'latency'] },
  graphile: {
    database: 'graphile',
    reader: null,
    consumer: 'graphile',
    isPeer: true,
    share: 0.2,
    kinds: ['effect', 'latency', 'writer'],
  },
  'graphile-tuned': {
    database: 'graphile',
    reader: null,
    consumer: 'graphile',
    isTuned: true,
    isPeer: true,
    share: 0.4,
    kinds: ['effect', 'latency'],
  },
  'pg-boss': {
    database: 'pg-boss',
    reader: null,
    consumer: 'pg-boss',
    isTuned: true,
    isPeer: true,
    share: 0.2,
    kinds: ['effect', 'latency', 'writer'],
  },
  outbox: {
    database: 'outbox',
    reader: null,
    consumer: 'outbox',
    isPeer: true,
    share: 0.1,
    kinds: ['effect', 'latency', 'writer'],
  },
};

/** True if the contender needs Redis. */
export function usesRedis(contender: Contender): boolean {
  return FACTS[contender].reader !== null;
}
