import type { Change } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import type { ClientBase } from 'pg';
import type { QueueReader } from '../queue-reader.js';
import type { LogAnswer } from '../read-logs.js';
import type { TraceNote } from '../trace.js';
import type { Line } from './search-queue.js';

/** What every search may use. */
export interface Scope {
  readonly config: WalmqConfig;
  readonly redis: Redis;
  /** Undefined without a database. */
  readonly client: ClientBase | undefined;
  readonly readers: ReadonlyMap<string, QueueReader>;
  /** Tag of the database and slot of today at the end of a job's id; undefined without a database. */
  readonly tag: string | undefined;
  /** Position up to which capture has enqueued; undefined if it is not known. */
  readonly checkpoint: string | undefined;
  /** Whether the value of a column that a queue hides may lead to its rows. */
  readonly mayNameHidden: boolean;
}

/** What a search found: ids of jobs and changes, to be read in full. */
export interface Found {
  readonly title: string;
  /** Queues whose states are shown. */
  readonly queues: readonly QueueConfig[];
  /** Ids of jobs, in any queue. */
  readonly jobIds: ReadonlySet<string>;
  /** Ids of changes that are looked up whether or not a job or a log has them. */
  readonly changeIds?: readonly string[];
  readonly logs: readonly LogAnswer[];
  /** The lines of unfinished jobs that were followed, by queue. */
  readonly lines: ReadonlyMap<string, Line>;
  /** False for a change of another row in the same line. */
  readonly accepts: (change: Change, queue: QueueConfig) => boolean;
  readonly notes: readonly TraceNote[];
}

export function readerOf({ readers }: Pick<Scope, 'readers'>, queue: QueueConfig): QueueReader {
  return readers.get(queue.name) as QueueReader;
}
