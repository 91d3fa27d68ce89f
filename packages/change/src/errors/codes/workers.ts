import { errorSection } from '../entry.js';

export const workerErrors = errorSection({
  WORKER_UNKNOWN: {
    meaning:
      '`walmq worker` got a name that is neither in `workers` of the configuration nor a worker of walmq.',
    remedy: 'Correct the name, or add it to `workers` in `walmq.config.ts`.',
    from: ['workers', 'walmq dev'],
    outcome: 'ends',
  },
  WORKER_MISSING: {
    meaning: 'The file of a worker does not exist.',
    remedy: 'Correct the path, in `workers` of `walmq.config.ts` or on the command line.',
    from: ['workers', 'walmq dev'],
    outcome: 'ends',
  },
  WORKER_UNREADABLE: {
    meaning:
      'The file of a worker does not load: a syntax error, an import that is not installed, or a throw.',
    remedy: 'Correct the line that the error names, or install the package.',
    from: ['workers', 'walmq dev'],
    outcome: 'ends',
  },
  WORKER_INVALID: {
    meaning: 'The default export of a worker file is no worker.',
    remedy:
      'Export what `defineWorker` returns, a list of it, or what `defineWorkerApp` returns: [workers](../guides/workers.md).',
    from: ['workers', 'walmq dev'],
    outcome: 'ends',
  },
  WORKERS_APART: {
    meaning: 'Two workers of one command declare the same environment variable differently.',
    remedy: 'Run each in a process of its own, or share the declaration.',
    from: ['workers'],
    outcome: 'ends',
  },
  QUEUE_UNKNOWN: {
    meaning: 'A worker or a command names a queue that the configuration does not have.',
    remedy: 'Use the same `walmq.config.ts` for capture and workers, or correct the name.',
    from: ['workers', 'command line'],
    outcome: 'ends',
  },
  TABLE_NOT_IN_QUEUE: {
    meaning: 'A worker, a backfill or a rewind names a table that does not feed the queue.',
    remedy: 'Add the table to the queue in `walmq.config.ts`, or correct the name.',
    from: ['workers', 'command line', 'capture'],
    outcome: 'ends',
  },
  WORKER_OPERATION_UNKNOWN: {
    meaning: 'A worker has a handler for an operation that does not exist.',
    remedy: 'Correct the name of the operation.',
    from: ['workers'],
    outcome: 'ends',
  },
  WORKER_OPERATION_EXCLUDED: {
    meaning: 'A worker has a handler for an operation that the `operations` of the queue leave out.',
    remedy: 'Add the operation to `operations`, or remove the handler.',
    from: ['workers'],
    outcome: 'ends',
  },
  WORKER_EVENTS_UNKNOWN: {
    meaning: 'A worker has handlers for events, and its queue takes none.',
    remedy: 'Give the queue `messages` or `outbox`, or remove the handlers.',
    from: ['workers'],
    outcome: 'ends',
  },
  WORKER_QUEUE_RESERVED: {
    meaning: 'A worker is defined for the dead-letter queue, whose events capture itself fails.',
    remedy: 'Remove the worker: [malformed events](../guides/outbox.md#what-to-do-with-malformed-events).',
    from: ['workers'],
    outcome: 'ends',
  },
  WORKER_BATCH_INVALID: {
    meaning: 'The `batch` of a worker has a size or a `waitMs` that is out of range.',
    remedy: 'Give it a size from 1 to 1000 and a `waitMs` from 0 to 1000.',
    from: ['workers'],
    outcome: 'ends',
  },
  WORKER_CLASS_INVALID: {
    meaning:
      'A class of a NestJS application cannot become a worker: it handles nothing, names no queue, or handles what another one handles.',
    remedy: 'Correct the decorators that the error names: [NestJS](../guides/nestjs.md).',
    from: ['application'],
    outcome: 'ends',
  },
  BATCH_CHANGE_UNKNOWN: {
    meaning: 'A handler passed a change that does not belong to its batch. The changes of the batch fail.',
    remedy: 'Pass the objects that the handler received, not copies of them.',
    from: ['workers'],
    outcome: 'change',
  },
  BATCH_RESULTS: {
    meaning: 'A handler of batches returned another number of results than it received changes. They fail.',
    remedy: 'Return one result per change, in the same order, or nothing.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_GAVE_UP: {
    meaning: 'A handler called `giveUp`. The change fails without further attempts.',
    remedy: 'Do what the message of the handler says, then replay or discard the change.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_DROPPED: {
    meaning: 'A handler called `drop`. The change completes without effect, and the reason is recorded.',
    remedy: 'Nothing.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_POSTPONED: {
    meaning: 'A handler called `postpone`. The change is tried again later, without the loss of an attempt.',
    remedy: 'Nothing, until `maxPostponedMs` is over.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_POSTPONED_TOO_LONG: {
    meaning: 'A change was postponed for longer, or more often, than it may be. It fails.',
    remedy: 'Repair what it waits for, then replay the change. `maxPostponedMs` of the queue is the limit.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_DEADLINE: {
    meaning: 'A handler did not finish within `deadlineMs`. The attempt fails.',
    remedy: 'Make the handler faster, or raise `deadlineMs` of the queue.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_STALLED: {
    meaning:
      'Workers ended or stopped answering while they had this change, more often than `maxStalledCount`. The change fails.',
    remedy:
      'Look at how the processes ended: out of memory (exit code 134 or 137), a crash, a loop that never yields. Repair the handler, then replay the change.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_STOPPED: {
    meaning:
      'The process stops, and the handler did not finish in time. Another worker takes over the change.',
    remedy: 'Nothing. To give handlers more time: `WALMQ_SHUTDOWN_MS`.',
    from: ['workers'],
    outcome: 'change',
  },
  HANDLER_THREW_NO_ERROR: {
    meaning: 'A handler threw a value that is not an Error.',
    remedy: 'Throw an Error, or use `giveUp`, `drop` or `postpone`.',
    from: ['workers'],
    outcome: 'change',
  },
  ONCE_TWICE: {
    meaning: 'A handler called `once` twice for one change. The change fails.',
    remedy: 'Put both effects into one transaction.',
    from: ['workers'],
    outcome: 'change',
  },
  EFFECT_TWICE: {
    meaning: 'A handler used one effect name twice for one change. The change fails.',
    remedy: 'Give each effect a name of its own.',
    from: ['workers'],
    outcome: 'change',
  },
  EFFECT_NOT_RECORDED: {
    meaning:
      'An effect was made, but PostgreSQL did not store the record of it. The next attempt makes the effect again.',
    remedy:
      'Bring PostgreSQL back. The repetition has the same identity: [effects](../guides/workers.md#effects-outside-effect).',
    from: ['workers'],
    outcome: 'change',
  },
  RESULT_NOT_JSON: {
    meaning: 'The result of a handler, `once` or `effect` cannot be written as JSON. The change fails.',
    remedy: 'Return a few plain fields; a bigint as a string.',
    from: ['workers'],
    outcome: 'change',
  },
  POOL_EXHAUSTED: {
    meaning: 'All database connections of the process are in use, and none became free in time.',
    remedy: 'Raise `WALMQ_DATABASE_CONNECTIONS`, or lower `concurrency` of the queue.',
    from: ['workers'],
    outcome: 'change',
  },
  CHANGE_NOT_VISIBLE: {
    meaning:
      "The change's transaction is in the WAL, but PostgreSQL does not show it to other sessions yet. The change is postponed.",
    remedy:
      "The commit waits for a synchronous standby, or the worker's database is a standby that lags: check `synchronous_standby_names` and `pg_stat_replication`.",
    from: ['workers'],
    outcome: 'change',
  },
});
