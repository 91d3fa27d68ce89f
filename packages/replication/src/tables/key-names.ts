/** A column of a table today, in the order of attnum. */
export interface Attribute {
  readonly name: string;
  readonly dropped: boolean;
  /** Computed and stored: in the stream only where its publication says so (PostgreSQL 18). */
  readonly generated: boolean;
  /** Where it stands in the primary key; null when it is no part of it. */
  readonly place: number | null;
}

/**
 * The primary key's columns, named as the stream names them: a change may be read long after its table was altered.
 * None for a table without a key; undefined when today's table does not tell, or is gone.
 */
export function keyNames(streamed: readonly string[], today: readonly Attribute[]): string[] | undefined {
  if (today.length === 0) return undefined;
  const key = today
    .filter(({ place, dropped }) => place !== null && !dropped)
    .sort((a, b) => Number(a.place) - Number(b.place));
  if (key.every(({ name }) => streamed.includes(name))) return key.map(({ name }) => name);
  const names = key.map(column => nameInStream(column, streamed, today));
  return names.every(name => name !== undefined) ? names : undefined;
}

/** What a column was called when the stream named it; undefined where more than one name is possible. */
function nameInStream(
  column: Attribute,
  streamed: readonly string[],
  today: readonly Attribute[],
): string | undefined {
  const stayed = ({ name, dropped }: Attribute) => !dropped && streamed.includes(name);
  if (stayed(column)) return column.name;
  // The columns whose names have stayed divide the others into stretches, then as today.
  const at = today.indexOf(column);
  const previous = today.findLast((other, index) => index < at && stayed(other));
  const next = today.find((other, index) => index > at && stayed(other));
  const before = today.slice(previous ? today.indexOf(previous) + 1 : 0, at);
  const after = today.slice(at + 1, next && today.indexOf(next));
  const names = streamed.slice(
    previous ? streamed.indexOf(previous.name) + 1 : 0,
    next && streamed.indexOf(next.name),
  );
  // Columns are only ever added at the end: what stands before one that was sent was there, and sent, unless it is
  // generated; what is dropped may have been. What stands behind the last that has stayed may have come since.
  if (!next && before.length >= names.length) return undefined;
  const fewest = Math.max(sureOf(before), names.length - 1 - after.length);
  const most = Math.min(before.length, names.length - 1 - (next ? sureOf(after) : 0));
  return fewest === most ? names[fewest] : undefined;
}

function sureOf(columns: readonly Attribute[]): number {
  return columns.filter(({ dropped, generated }) => !dropped && !generated).length;
}
