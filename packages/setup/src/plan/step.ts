import type { TableName } from '@walmq/change';

/** What a queue wants of a table. */
export interface SetupRoute {
  readonly queue: string;
  /** A column, the table's key, or no order. */
  readonly orderBy: 'key' | false | { readonly column: string };
  /** Undefined: all. */
  readonly operations: ReadonlySet<string> | undefined;
}

export interface SetupTable extends TableName {
  /** Default: none, which asks for every operation and checks no column. */
  readonly routes?: readonly SetupRoute[];
  /** Nobody asks for old rows: an outbox table's new rows are events, and what becomes of them is not. */
  readonly newRowsOnly?: boolean;
}

export interface PlanInput {
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly SetupTable[];
}

export type SetupStep =
  /** All is well already. */
  | { readonly status: 'ok'; readonly what: string }
  /** Nothing that set-up changes, but a person should know it. */
  | { readonly status: 'warning'; readonly what: string; readonly remedy: string | undefined }
  | RunStep;

export interface RunStep {
  readonly status: 'run';
  /** An imperative: "create slot ...". */
  readonly what: string;
  /** One statement or several; running it twice does no harm. */
  readonly sql: string;
  /** Statements that write down what is changed, for teardown: ahead of it, and once it is done. */
  readonly recordBefore?: string;
  readonly recordAfter?: string;
  /** What the role needs: an imperative sentence, or to be the owner of something. */
  readonly grant: string | Ownership;
  /** What the statement may have to wait for: every open transaction, or locks on these tables. */
  readonly waitsFor: 'transactions' | readonly TableName[];
}

/** What a statement may be run on by its owner alone, or by a member of that role. */
export interface Ownership {
  readonly tables: readonly TableName[];
  readonly publication?: string;
}
