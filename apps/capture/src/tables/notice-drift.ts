import { tableName, WalmqError } from '@walmq/change';
import type { OnDrift, QueueConfig } from '@walmq/config';
import type { Table } from '@walmq/replication';
import { compareTables, describeStreamed } from '@walmq/row-types';
import type { ClientBase } from 'pg';

/** How one table of a queue differs from what the queue expects. */
export interface DriftNotice {
  readonly queue: string;
  readonly table: string;
  /** The differences, as sentences for a person; empty where the table fits. */
  readonly differences: readonly string[];
  readonly action: OnDrift;
}

export interface DriftOptions {
  readonly client: ClientBase;
  readonly queues: readonly QueueConfig[];
  readonly pause: (queue: QueueConfig) => Promise<void>;
  readonly onNotice: (notice: DriftNotice) => void;
}

/**
 * Compares a table with what its queues expect, and applies the `onDrift` of each queue. Must be awaited before the
 * table's changes: no change is enqueued before its queue is paused. Rejects with DRIFTED.
 */
export async function noticeDrift(table: Table, options: DriftOptions): Promise<void> {
  const { oid, schema, table: bare, identity, columns } = table.relation;
  const name = tableName({ schema, table: bare });
  const concerned = options.queues.flatMap(queue =>
    queue.tables
      .filter(route => route.schema === schema && route.table === bare)
      .flatMap(({ expected }) => (expected ? [{ queue, expected }] : [])),
  );
  if (concerned.length === 0) return;
  const key = table.keyColumns.flatMap(index => columns[index]?.name ?? []);
  const oldRow = identity === 'full' ? 'whole' : 'key';
  const found = await describeStreamed(options.client, { oid, oldRow, key, columns });
  for (const { queue, expected } of concerned) {
    const differences = compareTables(expected, found)
      .filter(({ breaks }) => breaks)
      .map(({ column, what }) => `${column === undefined ? name : `${name}.${column}`} ${what}`);
    options.onNotice({ queue: queue.name, table: name, differences, action: queue.onDrift });
    if (differences.length > 0) await act(queue, name, differences, options);
  }
}

async function act(
  queue: QueueConfig,
  table: string,
  differences: readonly string[],
  { pause }: Pick<DriftOptions, 'pause'>,
): Promise<void> {
  switch (queue.onDrift) {
    case 'warn':
    // The worker kit parks what does not fit: of a queue's changes not all need be concerned.
    case 'park':
      return;
    case 'pause':
      return await pause(queue);
    case 'stop':
      throw new WalmqError(
        'DRIFTED',
        `${table} is not as the queue "${queue.name}" expects it: ${differences.join('; ')}.`,
        {
          remedy: `Run "walmq types", adapt and deploy the workers of "${queue.name}", then start capture again; or set onDrift to "warn".`,
          facts: { queue: queue.name, table, differences },
        },
      );
  }
}
