import { errorSection } from '../entry.js';

const UNPUBLISHED = '[WalmqChangesUnpublished](../guides/operations.md#walmqchangesunpublished)';
const WERE_UNPUBLISHED = '[WalmqChangesWereUnpublished](../guides/operations.md#walmqchangeswereunpublished)';

export const tableErrors = errorSection({
  TABLE_MISSING: {
    meaning: 'A queue names a table that does not exist: dropped, renamed, or not created yet.',
    remedy: 'Create the table and run `npx walmq setup`, or remove it from `walmq.config.ts`.',
    from: ['setup', 'status', 'command line'],
    outcome: 'reported',
  },
  TABLE_UNLOGGED: {
    meaning: 'A table, a partition or a child table is unlogged, so its changes are not in the WAL.',
    remedy: 'Run the `ALTER TABLE ... SET LOGGED` that is printed.',
    from: ['setup', 'status'],
    outcome: 'reported',
  },
  TABLE_UNPUBLISHED: {
    meaning: 'A table that a queue names is not in the publication.',
    remedy: `Run \`npx walmq setup\`: ${UNPUBLISHED}.`,
    from: ['status', 'command line'],
    outcome: 'reported',
  },
  CHILDREN_UNPUBLISHED: {
    meaning: 'A table that inherits from a captured table is not in the publication.',
    remedy: `Run \`npx walmq setup\`: ${UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  OPERATIONS_UNPUBLISHED: {
    meaning: 'The publication does not publish an operation that a queue takes.',
    remedy: `Run \`npx walmq setup\`: ${UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  PARTITIONS_UNPUBLISHED: {
    meaning: 'The publication sends changes under the names of partitions, which no queue reads.',
    remedy: `Run \`npx walmq setup\`: ${UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  PUBLICATION_INCOMPLETE: {
    meaning: "`capture.onUnpublished` is `'stop'`, and changes that queues expect do not come.",
    remedy: `Do as ${UNPUBLISHED} says, then start capture.`,
    from: ['capture'],
    outcome: 'ends',
  },
  FILTER_CHANGED: {
    meaning: 'The publication has another row filter or column list for the table than before.',
    remedy:
      'Drop the table from the publication and run `npx walmq setup`. If the filter is intended: `npx walmq accept-loss --tables --yes`.',
    from: ['status'],
    outcome: 'reported',
  },
  OLD_ROWS_PARTIAL: {
    meaning:
      'A partition or a child table lacks `REPLICA IDENTITY FULL`, which is not inherited. No change is lost, but old rows lack columns.',
    remedy: 'Run the statement that is printed, or `npx walmq setup`: [what then comes](change.md).',
    from: ['status'],
    outcome: 'reported',
  },
  CHANGES_UNPUBLISHED: {
    meaning: 'For some time, the publication did not send changes of the table.',
    remedy: `Backfill the table, then \`npx walmq accept-loss --tables --yes\`: ${WERE_UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  TABLE_REPLACED: {
    meaning: 'Another table took the name of a captured table, and was not in the publication at first.',
    remedy: `As for CHANGES_UNPUBLISHED: ${WERE_UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  PUBLICATION_REMADE: {
    meaning: 'The publication was dropped and created again.',
    remedy: `As for CHANGES_UNPUBLISHED: ${WERE_UNPUBLISHED}.`,
    from: ['status'],
    outcome: 'reported',
  },
  PARTITION_ATTACHED: {
    meaning: 'Rows came with an attached partition, [without changes](change.md#partitions-and-inheritance).',
    remedy: 'Run `npx walmq backfill` for the table.',
    from: ['status'],
    outcome: 'reported',
  },
  PARTITION_GONE: {
    meaning:
      'Rows left with a partition, [without changes](change.md#partitions-and-inheritance). Reported for a day.',
    remedy: 'If consumers must know, tell them by your own means.',
    from: ['status'],
    outcome: 'reported',
  },
  COLUMN_MISSING: {
    meaning:
      'The configuration names a column that the table does not have: `orderBy`, [`columns`, `omit` or `mask`](../guides/shape.md), or [the audit configuration](../guides/audit.md). For `orderBy`, a generated column counts as missing.',
    remedy: 'Correct the configuration: the column is misspelt, or was renamed.',
    from: ['capture', 'workers', 'setup'],
    outcome: 'ends',
  },
  DRIFTED: {
    meaning:
      "A table was altered and is not as a queue with `onDrift: 'stop'` expects it. Its changes wait in the WAL.",
    remedy:
      'Run `npx walmq types`, adapt and deploy the workers of that queue, start capture: [drift](../guides/types.md#drift).',
    from: ['capture'],
    outcome: 'ends',
  },
  MASK_KEY_MISSING: {
    meaning: "The key with which a queue's `mask` hashes a column is missing or too short.",
    remedy: 'Set the secret wherever capture runs: [shape](../guides/shape.md).',
    from: ['capture'],
    outcome: 'ends',
  },
});
