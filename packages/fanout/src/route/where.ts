import type { EncodedChange, Row } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { WrongResult } from './queue-function.js';

type Where = NonNullable<NonNullable<QueueConfig['shape']>['where']>;

/** Members of the change's data for an update that moves its row into or out of the rows that `where` selects. */
export interface Standing {
  readonly entered?: 'true';
  readonly left?: 'true';
}

/**
 * Undefined for a change of a row that `where` selects neither before nor after it. An unknown old row may have been
 * selected. Throws what `where` throws, and WrongResult.
 */
export function standingOf(change: EncodedChange, where: Where | undefined): Standing | undefined {
  if (!where || change.op === 'truncate') return {};
  const { before, after } = change.rows;
  if ((change.op === 'update' || change.op === 'delete') && before === null) return {};
  const holds = (row: string | null) => {
    if (row === null) return false;
    const result: unknown = where(JSON.parse(row) as Row, change);
    if (typeof result !== 'boolean') throw new WrongResult(result, 'a boolean');
    return result;
  };
  const was = holds(before);
  const is = holds(after);
  if (change.op !== 'update') return was || is ? {} : undefined;
  if (is) return was ? {} : { entered: 'true' };
  return was ? { left: 'true' } : undefined;
}
