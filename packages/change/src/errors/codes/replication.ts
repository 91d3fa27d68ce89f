import { errorSection } from '../entry.js';

export const replicationErrors = errorSection({
  SLOT_MISSING: {
    meaning:
      'The replication slot does not exist: set-up never ran, somebody dropped the slot, or the server is a promoted standby without it.',
    remedy:
      'If capture never ran: `npx walmq setup`. Otherwise changes since the checkpoint did not become jobs: `npx walmq setup`, `npx walmq accept-loss --yes`, start capture, then [backfill](../guides/backfill.md).',
    from: ['capture', 'status', 'command line'],
    outcome: 'ends',
  },
  SLOT_FOREIGN: {
    meaning:
      'The slot of that name belongs to another database, to a physical standby or to another plugin. All databases of a server share slot names.',
    remedy: 'Leave that slot alone. Set another `source.slot` and run `npx walmq setup`.',
    from: ['capture', 'setup', 'status'],
    outcome: 'ends',
  },
  SLOT_LOST: {
    meaning:
      'The server invalidated the slot (`max_slot_wal_keep_size`, `idle_replication_slot_timeout`). The stream lost the changes since the checkpoint.',
    remedy:
      "Run `SELECT pg_drop_replication_slot('walmq');`, then do as for [SLOT_MISSING](#SLOT_MISSING). Change the setting that the error names.",
    from: ['capture', 'status'],
    outcome: 'ends',
  },
  SLOT_BUSY: {
    meaning: 'Another capture reads the slot.',
    remedy:
      'Capture: nothing, this one takes over when the other ends. A command that needs the slot: stop capture first.',
    from: ['capture', 'command line'],
    outcome: 'stands by',
  },
  SLOT_UNREADABLE: {
    meaning:
      'PostgreSQL does not read from the slot, for a reason that `pg_replication_slots` does not show.',
    remedy: 'Read the reason in the error, and run `npx walmq doctor`.',
    from: ['capture'],
    outcome: 'retries',
  },
  SLOT_OVERRUN: {
    meaning:
      'The slot retains more than `max_slot_wal_keep_size` while nothing can be enqueued. Capture ends its session, so that the next checkpoint can decide.',
    remedy:
      'Repair Redis, or raise `max_slot_wal_keep_size`: [WalmqSlotNearLimit](../guides/operations.md#walmqslotnearlimit).',
    from: ['capture'],
    outcome: 'retries',
  },
  PUBLICATION_MISSING: {
    meaning: 'The publication does not exist. PostgreSQL sends no changes until it does.',
    remedy:
      'Run `npx walmq setup` and start capture. If tables changed meanwhile, [PUBLICATION_WAS_MISSING](#PUBLICATION_WAS_MISSING) follows.',
    from: ['capture'],
    outcome: 'ends',
  },
  PUBLICATION_WAS_MISSING: {
    meaning:
      'The publication exists again, but did not when the next changes were made. PostgreSQL decodes a change with the catalog of its time, so it can never send these.',
    remedy:
      '`npx walmq skip --dry-run` shows the range of WAL, `npx walmq skip` gives up exactly that range. Start capture, then backfill the tables.',
    from: ['capture', 'doctor'],
    outcome: 'ends',
  },
  SLOT_OR_PUBLICATION_MISSING: {
    meaning: 'The slot or the publication does not exist. PostgreSQL before 18 does not say which.',
    remedy: 'Run `npx walmq doctor`, then `npx walmq setup`.',
    from: ['capture'],
    outcome: 'ends',
  },
  REPLICATION_DENIED: {
    meaning:
      'PostgreSQL rejects the replication connection: the role lacks `REPLICATION`, `pg_hba.conf` has no line for it, or a connection pooler is in between.',
    remedy:
      'Run the statement that the error prints: `ALTER ROLE ... REPLICATION;`, or that of [your provider](doctor.md#providers). For capture and the command line, `DATABASE_URL` must name the server itself: [poolers](../guides/postgres/poolers.md).',
    from: ['capture', 'command line'],
    outcome: 'ends',
  },
  REPLICATION_REFUSED: {
    meaning: 'PostgreSQL does not start to stream, for the reason in the error.',
    remedy: 'Repair what the error names.',
    from: ['capture'],
    outcome: 'retries',
  },
  REPLICATION_LOST: {
    meaning: 'The replication connection was lost, or PostgreSQL ended the stream.',
    remedy:
      'Nothing: capture connects again. If it happens often: [WalmqCaptureFaults](../guides/operations.md#walmqcapturefaults).',
    from: ['capture'],
    outcome: 'retries',
  },
  CHANGE_UNREADABLE: {
    meaning: 'PostgreSQL cannot send one change. Capture enqueues nothing behind it.',
    remedy:
      'Repair what the error names, or give up the transaction: [a change that cannot be read](../guides/operations.md#a-change-that-cannot-be-read).',
    from: ['capture', 'doctor', 'status'],
    outcome: 'blocks',
  },
  CHANGE_FAULT: {
    meaning: 'Capture has a defect, at the place that the error names. Nothing was acknowledged past it.',
    remedy: 'Report the defect with the log of capture.',
    from: ['capture'],
    outcome: 'blocks',
  },
  PGOUTPUT_UNREADABLE: {
    meaning: 'PostgreSQL sent a message that walmq cannot parse.',
    remedy: 'Report it with the version of PostgreSQL.',
    from: ['capture'],
    outcome: 'ends',
  },
  CHANGE_TOO_LARGE: {
    meaning: 'The change is larger as JSON than JavaScript or `maxBytes` allows.',
    remedy: 'Leave columns out or raise the limit: [how large](../guides/shape.md#how-large-maxbytes).',
    from: ['capture'],
    outcome: 'change',
  },
  VALUE_UNREADABLE: {
    meaning: 'A value of the change is not valid UTF-8, or cannot be decoded.',
    remedy:
      'Correct the row, then retry or discard the failed change: [how large](../guides/shape.md#how-large-maxbytes).',
    from: ['capture'],
    outcome: 'change',
  },
});
