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
  // Renamed since. Columns are only ever added at the end, so where none has come or gone they stand as they stood.
  const sent = today.filter(({ name, generated }) => !generated || streamed.includes(name));
  if (sent.length !== streamed.length || sent.some(({ dropped }) => dropped)) return undefined;
  return key.map(column => streamed[sent.indexOf(column)] as string);
}
