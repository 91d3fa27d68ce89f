import type { Change, Json } from '@walmq/change';

/** Columns by name, in a change's JSON values. */
export type Columns = Readonly<Record<string, Json>>;

/** The state of one thing. */
export interface Fact {
  /** "facts", or "analytics.facts" with a schema (ClickHouse: a database). */
  readonly table: string;
  /** The columns that identify it. */
  readonly key: Columns;
  /** All other columns; null: the thing no longer exists. */
  readonly values: Columns | null;
}

/**
 * What a change means for the facts; undefined: nothing. Must be pure: the same change gives the same facts.
 */
export type Projection = (change: Change) => Fact | readonly Fact[] | undefined;

/** A fact at the time of a change. A sink keeps the one with the last position. */
export interface PositionedFact extends Fact {
  /** The change's id: it sorts as the stream does. */
  readonly position: string;
}
