import { errorSection } from '../entry.js';

export const setupErrors = errorSection({
  SETUP_WAL_LEVEL: {
    meaning: '`wal_level` is not `logical`, so the WAL does not hold the changes.',
    remedy:
      'Run `ALTER SYSTEM SET wal_level = logical;` and restart PostgreSQL. A managed server has a parameter for it.',
    from: ['setup'],
    outcome: 'refused',
  },
  SPLIT_IMPOSSIBLE: {
    meaning:
      '`walmq setup --split` finds no queue that could stand alone: each shares a table with another one.',
    remedy: 'Divide the work of Redis instead: `redis.shards`.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_SLOT_WAITS: {
    meaning:
      'A new slot waits for every transaction that was open before it, and that took longer than `--wait`. No slot is left behind.',
    remedy: 'End the transaction that the error names, or wait longer.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_TABLE_WAITS: {
    meaning: 'Another session held a lock on the table for longer than `--wait`.',
    remedy: 'End the transaction that the error names, or wait longer.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_NO_FREE_SLOT: {
    meaning: 'All `max_replication_slots` are in use.',
    remedy: 'Drop a slot that nobody needs, or raise the setting and restart PostgreSQL.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_OUTBOX_UNUSED: {
    meaning: '`--outbox` was given, and no queue takes events from [an outbox](../guides/outbox.md).',
    remedy: 'Give a queue `outbox` in `walmq.config.ts`.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_SHOP_MOVED: {
    meaning: '`walmq setup` was called with `--shop`, and the reference shop has a set-up of its own.',
    remedy: 'Run the command that the error names.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_TABLE_FOREIGN: {
    meaning: 'The rows of a foreign partition or child table are in another server, whose WAL is not read.',
    remedy: 'Detach it, or remove the table from the queues.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_TABLE_GENERATED: {
    meaning:
      'A table has a VIRTUAL generated column and no primary key. Once it is published, PostgreSQL 18 rejects every UPDATE and DELETE on it.',
    remedy: 'Add a primary key, make the column STORED, or remove the table from the queues.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_WRITES_REFUSED: {
    meaning:
      "Set-up would make PostgreSQL reject the application's own UPDATE or DELETE, because of what a publication sends of the table.",
    remedy: 'Change the publication as the error says.',
    from: ['setup'],
    outcome: 'refused',
  },
  SETUP_FAILED: {
    meaning: 'PostgreSQL rejected a step of set-up, for the reason in the error.',
    remedy: 'Repair what the error names, then run set-up again: it continues where it stopped.',
    from: ['setup'],
    outcome: 'refused',
  },
  TEARDOWN_FAILED: {
    meaning: '`walmq teardown` could not remove something. What it removed before stays removed.',
    remedy: 'Repair what the error names, then run it again.',
    from: ['command line'],
    outcome: 'refused',
  },
  AUDIT_LOG_HELD: {
    meaning: '`walmq teardown` would drop the audit log together with schema `walmq`. Nothing was removed.',
    remedy: 'Keep a copy of `walmq.audit`, drop the table, run teardown again.',
    from: ['command line'],
    outcome: 'refused',
  },
});
