/** What a round needs of servers. Rounds with the same topology share them. */
export interface Topology {
  readonly postgres: 'single' | 'standby';
  readonly redis: 'single' | 'sentinel' | 'cluster';
  /** "small": each server has a small file system of its own, which can be filled. */
  readonly disk: 'plain' | 'small';
}

/** The queues of every round. A round's processes may serve a part of them. */
export const QUEUES = ['singles', 'pairs', 'groups', 'docs', 'events'] as const;
export type QueueName = (typeof QUEUES)[number];

export interface WorkerPlan {
  readonly queue: QueueName;
  /** Size of batches. Undefined: one handler call for each change. */
  readonly batch: number | undefined;
}

/** A process with one or more kit workers. */
export interface ProcessPlan {
  readonly workers: readonly WorkerPlan[];
}

/** Shares of changes whose handlers fail, each from 0 to 1. */
export interface FailurePlan {
  /** The first attempts throw. */
  readonly retry: number;
  /** The first attempt throws after its effect is committed. */
  readonly late: number;
  /** The first attempts postpone themselves. */
  readonly postpone: number;
  /** The change fails for good until it is replayed or discarded. */
  readonly final: number;
  /** Of the changes that failed for good, the share that is discarded at the end instead of replayed. */
  readonly discard: number;
}

export type Role = 'capture' | 'worker';
export type ServerName = 'postgres' | 'redis';

/** One fault, or one operation of an operator. Times are in milliseconds. */
export type Act =
  | { readonly kind: 'kill' | 'stop'; readonly role: Role; readonly which: number; readonly forMs: number }
  | {
      readonly kind: 'clock';
      readonly role: Role;
      readonly which: number;
      readonly forMs: number;
      /** How far the process's clock jumps. Afterwards it jumps back. */
      readonly jumpMs: number;
    }
  | {
      readonly kind: 'server-kill' | 'server-restart' | 'server-stop' | 'failover' | 'disk-full';
      readonly server: ServerName;
      readonly forMs: number;
    }
  | {
      readonly kind: 'net-end' | 'net-reset' | 'net-stall' | 'net-half' | 'net-slow' | 'net-refuse';
      readonly role: Role;
      readonly server: ServerName;
      readonly forMs: number;
    }
  | {
      readonly kind: 'move-slot' | 'memory-full' | 'script-flush' | 'backends' | 'replay' | 'backfill';
      readonly forMs: number;
    };

export type ActKind = Act['kind'];

export interface Step {
  /** Milliseconds between the end of the last step and this one. */
  readonly afterMs: number;
  readonly act: Act;
  /** Whether the next step waits until an effect has been committed after this one. Only then is recovery measured. */
  readonly settle: boolean;
}

export interface LoadPlan {
  readonly writers: number;
  readonly paceMs: number;
  /** Whether transactions alter tables in mid-stream. */
  readonly ddl: boolean;
  readonly truncate: boolean;
}

/** A whole round, which follows from its seed and the kinds of faults alone. */
export interface Round {
  readonly seed: number;
  readonly topology: Topology;
  readonly captures: number;
  readonly processes: readonly ProcessPlan[];
  readonly concurrency: number;
  readonly shards: number;
  readonly durability: 'fsync' | 'memory' | 'replicated';
  readonly batchChanges: number;
  readonly batchesInFlight: number;
  readonly load: LoadPlan;
  readonly failures: FailurePlan;
  readonly steps: readonly Step[];
}
