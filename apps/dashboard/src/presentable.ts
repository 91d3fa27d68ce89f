import { EVENT_LIMITS } from '@walmq/change';

/** The depth of the deepest event. In its change it stands two levels lower. */
const MOST_LEVELS = EVENT_LIMITS.depth + 2;

/**
 * The value, or a text in its place if it is nested too deep for JSON.stringify, which would overflow the
 * stack. One job must not break a queue's page.
 */
export function presentable<T>(value: T): T | string {
  return isNestedDeeper(value, MOST_LEVELS) ? `(nested deeper than ${MOST_LEVELS} levels)` : value;
}

/** Looks no deeper than the limit. */
function isNestedDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some(inner => isNestedDeeper(inner, limit - 1));
}
