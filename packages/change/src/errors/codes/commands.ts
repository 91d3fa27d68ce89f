import { errorSection } from '../entry.js';

export const commandErrors = errorSection({
  ALERTS_MISSING: {
    meaning: 'The configuration has no `alerts`, so there is nobody to tell.',
    remedy: 'Add them: [alerts](../guides/alerts.md).',
    from: ['command line'],
    outcome: 'refused',
  },
  ALERT_MAIL_FAILED: {
    meaning: 'The mail server did not take the mail of an alert.',
    remedy: 'Compare the URL of the mail server, its user and the addresses with what the server expects.',
    from: ['command line', 'dashboard'],
    outcome: 'retries',
  },
  OPTION_MISSING: {
    meaning: 'The command needs an option that says which changes, which table or which time.',
    remedy: 'Add the option that the error names.',
    from: ['command line'],
    outcome: 'refused',
  },
  OPTION_INVALID: {
    meaning: 'An option has a value that cannot be parsed: a name of a table, a key.',
    remedy: 'Write the value as the error shows.',
    from: ['command line'],
    outcome: 'refused',
  },
  CURSOR_INVALID: {
    meaning: 'The cursor of a search is not one of walmq, or it belongs to a search with other conditions.',
    remedy: 'Search again without the cursor, or with the very conditions of the search that printed it.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  NOT_CONFIRMED: {
    meaning: 'The command removes or gives up something, and nobody confirmed it.',
    remedy: 'Add `--yes`, or answer the question at a terminal.',
    from: ['command line'],
    outcome: 'refused',
  },
  TABLE_NOT_TAKEN: {
    meaning: '`walmq trace` and the row page show tables that a queue takes, and no queue takes this one.',
    remedy: 'Correct the name: the error names the nearest one and the tables that the queues take.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  KEY_INVALID: {
    meaning: 'The values are no key of the table: too many, too few, or not of the type of their column.',
    remedy: 'Give one value for each column of the key: [the life of a row](../guides/trace.md).',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  KEY_HIDDEN: {
    meaning:
      'The question names the value of a column that a queue masks or omits. Who asks might only guess it, and the answer would confirm the guess.',
    remedy: 'Ask by the id of a change, or let an operator of the dashboard ask.',
    from: ['dashboard'],
    outcome: 'refused',
  },
  POSITION_INVALID: {
    meaning: 'The text is no id of a change, or no LSN.',
    remedy: 'Copy `id` or `tx.lsn` of a change: [the life of a row](../guides/trace.md).',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  CHANGE_UNKNOWN: {
    meaning:
      'Redis does not hold the change: it has completed and is past its retention, or it was discarded.',
    remedy: 'Look it up in the audit log, if there is one: [replay](../guides/replay.md).',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  ALREADY_COMPLETED: {
    meaning: 'The change has completed, and later changes of its row may have completed since.',
    remedy: 'Change the row again: the new change has its own place in the order.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  NOT_FAILED: {
    meaning: 'The change is waiting, active, delayed or parked, and runs by itself.',
    remedy: 'For a parked change, replay the failed change that the error names.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  DISCARD_NOT_WRITABLE: {
    meaning: 'The file for discarded changes cannot be written. Nothing was discarded.',
    remedy: 'Name a new file in a folder that the process may write to.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  REPLAY_STOPPED: {
    meaning: 'A replay or discard stopped before its end. The error says how many changes it finished.',
    remedy: 'Run it again: it continues with the changes that are still failed.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  CORRECTION_INVALID: {
    meaning:
      'The corrected copy of a change is refused: it is no JSON, it changes more than values of the rows, or a value is of another type. The error names every mistake.',
    remedy:
      'Correct values of `before` and `after` only: [correct one change](../guides/mend.md#correct-one-change).',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  CORRECTION_LATE: {
    meaning: 'A worker has the change right now, or somebody else has corrected it since it was read.',
    remedy:
      'Look at the change as it is now. Pause its key to have time: [pause one key](../guides/mend.md#pause-one-key).',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  KEY_NOT_PAUSED: {
    meaning: 'The key to resume is not paused.',
    remedy: 'List the paused keys: `npx walmq resume-key <queue>`.',
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  OPERATOR_LOG_UNAVAILABLE: {
    meaning:
      "The operators' log cannot be written: its table is missing, the role lacks a privilege, or the database is away. The action was not done, because no action goes unlogged.",
    remedy:
      "Run `npx walmq setup`, grant what the error names, or wait for the database: [the operators' log](../guides/mend.md#the-log).",
    from: ['command line', 'dashboard'],
    outcome: 'refused',
  },
  SKIP_ANOTHER: {
    meaning: '`walmq skip` found another unreadable transaction than `--at` names.',
    remedy:
      'Run `npx walmq skip --dry-run`: [a change that cannot be read](../guides/operations.md#a-change-that-cannot-be-read).',
    from: ['command line'],
    outcome: 'refused',
  },
  NOT_ENQUEUED_YET: {
    meaning: 'Transactions before the unreadable one are not enqueued yet.',
    remedy: 'Let capture run until it reports CHANGE_UNREADABLE, then run `walmq skip` again.',
    from: ['command line'],
    outcome: 'refused',
  },
  TYPES_UNREADABLE: {
    meaning: 'The file that `walmq types --check` compares is not one that this command wrote.',
    remedy: 'Write the file again: `npx walmq types --out <file>`.',
    from: ['command line'],
    outcome: 'refused',
  },
  BACKFILL_NO_KEY: {
    meaning:
      'The table has no primary key that its publication sends whole, so a backfill has no order to read it in.',
    remedy: 'Add a primary key.',
    from: ['command line', 'capture'],
    outcome: 'refused',
  },
  BACKFILL_NO_IDENTITY: {
    meaning: 'The table has `REPLICA IDENTITY NOTHING`: its changes do not say which row they belong to.',
    remedy: 'Run `npx walmq setup`, which sets the replica identity.',
    from: ['command line', 'capture'],
    outcome: 'refused',
  },
  BACKFILL_FILTER: {
    meaning: 'PostgreSQL rejects the condition of `--where`.',
    remedy: 'Write a condition on the columns of the table, as in `SELECT ... WHERE <condition>`.',
    from: ['command line', 'capture'],
    outcome: 'refused',
  },
  BACKFILL_UNKNOWN: {
    meaning: 'The slot has no backfill of that id.',
    remedy: 'Run `npx walmq backfill --list`.',
    from: ['command line'],
    outcome: 'refused',
  },
  BACKFILL_ENDED: {
    meaning: 'The backfill has completed or was cancelled, so it cannot be paused, resumed or cancelled.',
    remedy: 'Request a new backfill if rows are missing.',
    from: ['command line'],
    outcome: 'refused',
  },
  REWIND_UNKNOWN: {
    meaning: 'There is no rewind of that id.',
    remedy: 'Correct the id: the rewind printed it when it stopped.',
    from: ['command line'],
    outcome: 'refused',
  },
  REWIND_ENDED: {
    meaning: 'The rewind has sent all its changes.',
    remedy: 'Nothing, or start a new rewind.',
    from: ['command line'],
    outcome: 'refused',
  },
});
