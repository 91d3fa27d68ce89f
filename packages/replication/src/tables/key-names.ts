/** A column of a table in today's catalog. Lists of columns are in the order of attnum. */
export interface Attribute {
  readonly name: string;
  readonly dropped: boolean;
  /**
   * True for a STORED generated column: in the stream only if the publication includes generated columns (PostgreSQL 18).
   */
  readonly generated: boolean;
  /** Position in the primary key; null if the column is not part of the key. */
  readonly place: number | null;
}

/**
 * Returns the columns of the primary key under their names in the stream. These may differ from today's names, because a
 * change may be read long after its table was altered. Returns an empty array for a table without a key, and undefined if
 * today's table leaves several possibilities, or is gone.
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

/** Returns the column's name in the stream; undefined if several names are possible. */
function nameInStream(
  column: Attribute,
  streamed: readonly string[],
  today: readonly Attribute[],
): string | undefined {
  const stayed = ({ name, dropped }: Attribute) => !dropped && streamed.includes(name);
  if (stayed(column)) return column.name;
  // The columns whose names are unchanged divide the other columns into ranges, in the stream and in today's table alike.
  const at = today.indexOf(column);
  const previous = today.findLast((other, index) => index < at && stayed(other));
  const next = today.find((other, index) => index > at && stayed(other));
  const before = today.slice(previous ? today.indexOf(previous) + 1 : 0, at);
  const after = today.slice(at + 1, next && today.indexOf(next));
  const names = streamed.slice(
    previous ? streamed.indexOf(previous.name) + 1 : 0,
    next && streamed.indexOf(next.name),
  );
  // PostgreSQL adds columns only at the end. So a column before one that was sent existed and was sent, except that a
  // generated or a dropped column may not have been sent. A column behind the last unchanged one may have been added
  // since.
  if (!next && before.length >= names.length) return undefined;
  const fewest = Math.max(sureOf(before), names.length - 1 - after.length);
  const most = Math.min(before.length, names.length - 1 - (next ? sureOf(after) : 0));
  return fewest === most ? names[fewest] : undefined;
}

function sureOf(columns: readonly Attribute[]): number {
  return columns.filter(({ dropped, generated }) => !dropped && !generated).length;
}
