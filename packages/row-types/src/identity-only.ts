declare const identityOnly: unique symbol;

/**
 * Marks the row `R` of a table without REPLICA IDENTITY FULL, for `defineWorker`. An update has no old row, a
 * delete has only `Key`. Columns in `Toasted` may be absent from a new row: the update did not touch them.
 * Absent never means null.
 */
export interface IdentityOnly<R, Key extends keyof R, Toasted extends keyof R = never> extends Marked {
  readonly [identityOnly]: {
    readonly row: R;
    readonly old: Pick<R, Key>;
    readonly sent: Omit<R, Toasted> & Partial<Pick<R, Toasted>>;
  };
}

/** The base of every IdentityOnly. */
export interface Marked {
  readonly [identityOnly]: { readonly row: unknown; readonly old: unknown; readonly sent: unknown };
}

/** The whole row. */
export type RowIn<M extends Marked> = M[typeof identityOnly]['row'];

/** The part of an old row that PostgreSQL sends. */
export type OldIn<M extends Marked> = M[typeof identityOnly]['old'];

/** A new row as PostgreSQL sends it. */
export type SentIn<M extends Marked> = M[typeof identityOnly]['sent'];
