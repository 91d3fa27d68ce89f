import { type Change, tableName } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { type MismatchesOf, mismatchesOf } from '@walmq/row-types';
import { giveUp } from './thrown.js';

/** Share of the 1000 characters of a reason; the remedy needs the rest. */
const MAX_CHARACTERS = 600;

/**
 * For queues with `onDrift: 'park'`: gives up on a change whose rows are not as the queue expects (`expect`),
 * so that its key waits for a worker that knows them. Columns that the queue's shape hides are not checked.
 */
export function driftGuard({ name: queue, tables, onDrift, shape }: QueueConfig): (change: Change) => void {
  if (onDrift !== 'park') return () => {};
  const { columns, omit, mask = {} } = shape ?? {};
  const sent = (column: string) =>
    (columns?.includes(column) ?? true) && !omit?.includes(column) && !Object.hasOwn(mask, column);
  const mismatches = new Map<string, MismatchesOf>(
    tables.flatMap(route => {
      const name = tableName(route);
      return route.expected ? [[name, mismatchesOf({ name, table: route.expected, sent })]] : [];
    }),
  );
  return change => {
    const table = tableName(change);
    const found = mismatches.get(table)?.(change) ?? [];
    if (found.length > 0)
      throw giveUp(`${table} is not as this worker expects it: ${listed(found)}.`, {
        remedy: `Run "npx walmq types", adapt and deploy the worker, then "npx walmq replay --queue ${queue}".`,
      });
  };
}

function listed(mismatches: readonly string[]): string {
  let text = '';
  for (const [index, mismatch] of mismatches.entries()) {
    const longer = index === 0 ? mismatch.slice(0, MAX_CHARACTERS) : `${text}; ${mismatch}`;
    if (longer.length > MAX_CHARACTERS) return `${text}; and ${mismatches.length - index} more`;
    text = longer;
  }
  return text;
}
