/** Names of all checks, in the order of the output. docs/reference/doctor.md explains each. */
export const CHECKS = [
  'configuration',
  'postgres',
  'standby',
  'wal-level',
  'replication-slots',
  'wal-senders',
  'slot-wal-limit',
  'wal-sender-timeout',
  'synchronous-standbys',
  'read-only',
  'standby-slots',
  'replication-role',
  'own-tables',
  'grants',
  'publishers',
  'tables',
  'replica-identity',
  'primary-key',
  'order-column',
  'order-equality',
  'writes',
  'publication',
  'published-tables',
  'published-operations',
  'published-partitions',
  'slot',
  'slot-reader',
  'slot-wal',
  'open-transactions',
  'other-slots',
  'redis',
  'redis-sentinels',
  'redis-durability',
  'redis-eviction',
  'redis-memory',
  'redis-latency',
  'redis-rights',
  'queues',
  'checkpoint',
  'blocked',
  'skipped',
  'sources',
] as const;

export type CheckName = (typeof CHECKS)[number];

export type Status = 'ok' | 'warning' | 'error';

/** The result of one check. */
export interface Check {
  readonly check: CheckName;
  readonly status: Status;
  /** The finding, as a sentence without its full stop. */
  readonly found: string;
  /** Remedy: a command if there is one, otherwise a sentence. */
  readonly remedy?: string;
}

export function ok(check: CheckName, found: string): Check {
  return { check, status: 'ok', found };
}

export function warning(check: CheckName, found: string, remedy: string): Check {
  return { check, status: 'warning', found, remedy };
}

export function error(check: CheckName, found: string, remedy: string): Check {
  return { check, status: 'error', found, remedy };
}
