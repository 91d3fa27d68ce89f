import type { Change, Json } from '@walmq/change';

/** Columns by name, in a change's JSON values. */
export type Columns = Readonly<Record<string, Json>>;

/** What is known of one thing. */
export interface Fact {
  /** "facts", or "analytics.facts" with a schema (of ClickHouse: a database). */
  readonly table: string;
  /** The columns it is known by. */
  readonly key: Columns;
  /** All its other columns; null: the thing is no more. */
  readonly values: Columns | null;
}

/** What a change means for the facts; undefined: nothing. Pure: the same change gives the same facts. */
export type Projection = (change: Change) => Fact | readonly Fact[] | undefined;

/** A fact as of a change. A sink keeps the one with the last position. */
export interface PositionedFact extends Fact {
  /** The change's id: it sorts as the stream does. */
  readonly position: string;
}
