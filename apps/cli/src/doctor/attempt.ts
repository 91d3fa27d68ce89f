import { messageOf, WalmqError, withoutStop } from '@walmq/change';
import { type Check, type CheckName, error } from './check.js';

/**
 * Runs the checks of one area. If its facts cannot be read, reports an error of that check, so that other areas
 * continue.
 */
export async function attempt(check: CheckName, run: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await run();
  } catch (cause) {
    return [failureCheck(check, cause)];
  }
}

export function failureCheck(check: CheckName, cause: unknown, skipped = ''): Check {
  const message = withoutStop(messageOf(cause));
  const remedy = cause instanceof WalmqError ? cause.remedy : undefined;
  return error(check, `${message}${skipped}`, remedy ?? 'Mend that, then run "npx walmq doctor" again.');
}
