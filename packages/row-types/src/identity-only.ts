declare const identityOnly: unique symbol;

/**
 * Marks the row `R` of a table without REPLICA IDENTITY FULL, for `defineWorker`: an update has no old row, a
 * delete's holds no more than `Key`, and columns of `Toasted` may be absent from a new row, which means that the update
 * did not touch them, never that they are null.
 */
export interface IdentityOnly<R, Key extends keyof R, Toasted extends keyof R = never> {
  readonly [identityOnly]: { readonly row: R; readonly key: Key; readonly toasted: Toasted };
}

/** A new row as PostgreSQL sends it: without the `Toasted` columns that the update did not touch. */
export type Sent<R, Toasted extends keyof R> = Omit<R, Toasted> & Partial<Pick<R, Toasted>>;
