import { EVENT_LIMITS } from '@walmq/change';

/** An event may be that deep, and stands two levels down in its change. */
const MOST_LEVELS = EVENT_LIMITS.depth + 2;

/**
 * The value, or a text in its place where it is nested too deep to be written as JSON by whoever comes next: JSON.stringify
 * overflows the stack of the process, and one job must not take a queue's page down.
 */
export function presentable<T>(value: T): T | string {
  return isNestedDeeper(value, MOST_LEVELS) ? `(nested deeper than ${MOST_LEVELS} levels)` : value;
}

/** Looks no deeper than the limit. */
function isNestedDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some(inner => isNestedDeeper(inner, limit - 1));
}
