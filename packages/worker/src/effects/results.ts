import { WalmqError } from '@walmq/change';
import { toColumn } from './result-column.js';

/** Checks that there is one result for each change, or no list of results. Throws BATCH_RESULTS. */
export function checkResults(changes: readonly unknown[], results: readonly unknown[] | undefined): void {
  if (results === undefined || results.length === changes.length) return;
  throw new WalmqError(
    'BATCH_RESULTS',
    `${results.length} results were returned for ${changes.length} changes of a batch.`,
    { remedy: 'Return one result for each change of the list that was given, in its order; or nothing.' },
  );
}

/**
 * Converts the results for jsonb columns. Throws BATCH_RESULTS, and RESULT_NOT_JSON with the `changeId` of the change.
 */
export function columnsOf(
  entries: readonly { readonly changeId: string }[],
  results: readonly unknown[] | undefined,
): (string | null)[] {
  checkResults(entries, results);
  return entries.map(({ changeId }, index) => {
    try {
      return toColumn(results?.[index]);
    } catch (error) {
      throw Object.assign(error as Error, { changeId });
    }
  });
}
