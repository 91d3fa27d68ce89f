/**
 * The first value within `values` that JSON cannot hold, as a clause: JSON.stringify would throw, or write something else
 * without an error. Undefined if there is none.
 */
export function unwritable(
  values: Readonly<Record<string, unknown>>,
  ancestors: readonly object[] = [],
): string | undefined {
  for (const [path, value] of Object.entries(values)) {
    const mistake = mistakeAt(path, value, ancestors);
    if (mistake !== undefined) return mistake;
  }
  return undefined;
}

function mistakeAt(path: string, value: unknown, ancestors: readonly object[]): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value))
    return `its ${path} is ${value}, which JSON does not have`;
  if (typeof value === 'bigint') return `its ${path} is a bigint: give it as text`;
  if (typeof value === 'function' || typeof value === 'symbol') return `its ${path} is a ${typeof value}`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (ancestors.includes(value)) return `its ${path} contains itself`;
  if (value instanceof Map || value instanceof Set)
    return `its ${path} is a ${value.constructor.name}, which JSON writes as {}`;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined;
  const inner = Object.entries(value).map(([name, part]) => [
    Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`,
    part,
  ]);
  return unwritable(Object.fromEntries(inner), [...ancestors, value]);
}
