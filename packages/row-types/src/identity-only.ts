declare const identityOnly: unique symbol;

/**
 * Marks the row `R` of a table without REPLICA IDENTITY FULL, for `defineWorker`: an update comes without the old row, a
 * delete with no more of it than `Key`, and columns of `Toasted` may be absent from a new row, which means that the
 * update did not touch them, never that they are null.
 */
export interface IdentityOnly<R, Key extends keyof R, Toasted extends keyof R = never> extends Marked {
  readonly [identityOnly]: {
    readonly row: R;
    readonly old: Pick<R, Key>;
    readonly sent: Omit<R, Toasted> & Partial<Pick<R, Toasted>>;
  };
}

/** What every IdentityOnly is. */
export interface Marked {
  readonly [identityOnly]: { readonly row: unknown; readonly old: unknown; readonly sent: unknown };
}

/** The whole row. */
export type RowIn<M extends Marked> = M[typeof identityOnly]['row'];

/** What is sent of an old row. */
export type OldIn<M extends Marked> = M[typeof identityOnly]['old'];

/** A new row as it is sent. */
export type SentIn<M extends Marked> = M[typeof identityOnly]['sent'];
