import type { Change, Json } from '@walmq/change';

/** The change in a job's data. Undefined if the data is no change: jobs of other tools may stand in the same queues. */
export function storedChange(data: string | null): Change | undefined {
  const value = jsonOf(data);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return typeof value.id === 'string' && typeof value.op === 'string'
    ? (value as unknown as Change)
    : undefined;
}

/** Null for a text that is no JSON. */
export function jsonOf(text: string | null): Json {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
