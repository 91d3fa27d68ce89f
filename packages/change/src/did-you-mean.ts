/**
 * The most similar name: a name that differs only in case, else the name with the fewest differing letters (at most 3, and
 * at most a third of the letters), else a name with the same beginning. Undefined if no name is similar.
 */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  const meant = wanted.toLowerCase();
  const most = Math.min(3, Math.floor(meant.length / 3));
  let nearest: string | undefined;
  let least = most + 1;
  for (const name of names) {
    const far = name === wanted ? 0 : lettersApart(meant, name.toLowerCase(), least);
    if (far < least) [nearest, least] = [name, far];
  }
  return nearest ?? (meant.length > 2 ? begunLike(meant, names) : undefined);
}

function begunLike(meant: string, names: Iterable<string>): string | undefined {
  for (const name of names) if (name.toLowerCase().startsWith(meant)) return name;
  return undefined;
}

/** ` Did you mean "orders"?`, to append to a sentence. Empty if no name is similar. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const nearest = nearestName(wanted, names);
  return nearest === undefined ? '' : ` Did you mean ${nearest.startsWith('"') ? nearest : `"${nearest}"`}?`;
}

/** Number of letters to add, remove, replace or swap with their neighbour to turn `a` into `b`; at most `limit`. */
function lettersApart(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return Math.min(limit, last[b.length] as number);
}
