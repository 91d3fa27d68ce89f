import type { PositionedFact } from './fact.js';

/**
 * Of each key its last fact, of one position the first, in groups that one statement can write: facts of one table with the
 * same columns. Groups and facts are sorted, so that two writers take their locks in one order.
 */
export function newestOf(facts: readonly PositionedFact[]): PositionedFact[][] {
  const newest = new Map<string, PositionedFact>();
  for (const fact of facts) {
    const name = JSON.stringify([fact.table, Object.entries(fact.key)]);
    const known = newest.get(name);
    if (!known || known.position < fact.position) newest.set(name, fact);
  }
  const groups = new Map<string, PositionedFact[]>();
  for (const [, fact] of [...newest].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { table, key, values } = fact;
    const shape = JSON.stringify([table, Object.keys(key), values && Object.keys(values)]);
    const group = groups.get(shape);
    if (group) group.push(fact);
    else groups.set(shape, [fact]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
