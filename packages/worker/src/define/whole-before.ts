import { tableName } from '@walmq/change';
import { giveUp } from '../failure/thrown.js';
import type { WholeUpdate } from './row-changes.js';

/**
 * Returns the old row of an update, for handlers that decide by what has changed. Gives up (HANDLER_GAVE_UP) if
 * PostgreSQL did not send the column: a guess could repeat an effect or lose one.
 */
export function wholeBefore<R extends object>(change: WholeUpdate<R>, column: keyof R & string): R {
  if (change.before && column in change.before) return change.before;
  throw giveUp(`the old value of ${tableName(change)}.${column} is unknown.`, {
    remedy: `Run "npx walmq setup": it sets REPLICA IDENTITY FULL for ${tableName(change)}.`,
  });
}
