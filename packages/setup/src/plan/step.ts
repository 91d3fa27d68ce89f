import type { TableName } from '@walmq/change';

/** The changes that a queue takes from a table. */
export interface SetupRoute {
  readonly queue: string;
  /** Ordering key: the table's key, no order, or a column. */
  readonly orderBy: 'key' | false | { readonly column: string };
  /** Undefined: all operations. */
  readonly operations: ReadonlySet<string> | undefined;
}

export interface SetupTable extends TableName {
  /** Default: none. Set-up then publishes every operation and checks no columns. */
  readonly routes?: readonly SetupRoute[];
  /** True for an outbox table: only its new rows are events, so no queue needs old rows. */
  readonly newRowsOnly?: boolean;
}

export interface PlanInput {
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly SetupTable[];
}

export type SetupStep =
  /** Nothing to do. */
  | { readonly status: 'ok'; readonly what: string }
  /** Set-up changes nothing, but an operator should know the fact. */
  | { readonly status: 'warning'; readonly what: string; readonly remedy: string | undefined }
  | RunStep;

export interface RunStep {
  readonly status: 'run';
  /** An imperative clause: "create slot ...". */
  readonly what: string;
  /** One idempotent statement or several. */
  readonly sql: string;
  /** Statements that record the change for teardown. `recordBefore` runs before `sql`, `recordAfter` after it. */
  readonly recordBefore?: string;
  readonly recordAfter?: string;
  /** The privilege that the role needs: an imperative sentence, or ownership of objects. */
  readonly grant: string | Ownership;
  /** The statement waits for every open transaction, or for locks on these tables. */
  readonly waitsFor: 'transactions' | readonly TableName[];
}

/** Objects on which only their owner, or a member of the owner's role, may run the statement. */
export interface Ownership {
  readonly tables: readonly TableName[];
  readonly publication?: string;
}
