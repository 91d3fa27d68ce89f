import { type Change, tableName } from '@walmq/change';
import { toJsonText } from '../effects/result-json.js';

/** A processed change as one line for a reader. Throws RESULT_NOT_JSON. */
export function processedLine(change: Change, result: unknown): string {
  return `✅ Processed ${describe(change)}: ${toJsonText(result)}`;
}

/** `UPDATE on orders` */
export function describe(change: Change): string {
  return `${change.op.toUpperCase()} on ${tableName(change)}`;
}
