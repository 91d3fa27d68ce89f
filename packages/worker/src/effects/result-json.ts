import { WalmqError } from '@walmq/change';
import { errorOf } from '../failure/error-of.js';
import { reasonOf } from '../failure/reason.js';

/**
 * Converts a result to JSON text; undefined becomes null (SQL's NULL). Throws RESULT_NOT_JSON for values that JSON cannot
 * hold.
 */
export function toJsonText(result: unknown): string | null {
  if (result === undefined) return null;
  try {
    // A function or a symbol has no JSON. Store null, because nobody needs such a result.
    return JSON.stringify(result) ?? null;
  } catch (cause) {
    // Only the first line: the other lines list the members of a circular object.
    const [problem] = reasonOf(errorOf(cause)).split('\n');
    throw new WalmqError('RESULT_NOT_JSON', `the result cannot be kept, as it has no JSON: ${problem}.`, {
      remedy: 'Return a few plain fields; a bigint as a string.',
      cause,
    });
  }
}
