import type { TableName } from '@walmq/change';

/** What a queue takes from a table. */
export interface SetupRoute {
  readonly queue: string;
  /** A column, the table's key, or no order. */
  readonly orderBy: 'key' | false | { readonly column: string };
  /** Undefined: all. */
  readonly operations: ReadonlySet<string> | undefined;
}

export interface SetupTable extends TableName {
  /** Default: none, which means every operation and no check of columns. */
  readonly routes?: readonly SetupRoute[];
  /** No queue needs old rows: only an outbox table's new rows are events. */
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
  /** Set-up changes nothing here, but a person should know. */
  | { readonly status: 'warning'; readonly what: string; readonly remedy: string | undefined }
  | RunStep;

export interface RunStep {
  readonly status: 'run';
  /** An imperative: "create slot ...". */
  readonly what: string;
  /** One statement or several. Idempotent. */
  readonly sql: string;
  /** Statements that record the change for teardown: before the step, and after it. */
  readonly recordBefore?: string;
  readonly recordAfter?: string;
  /** What the role needs: an imperative sentence, or ownership. */
  readonly grant: string | Ownership;
  /** What the statement may wait for: every open transaction, or locks on these tables. */
  readonly waitsFor: 'transactions' | readonly TableName[];
}

/** An object on which only its owner, or a member of the owner's role, may run the statement. */
export interface Ownership {
  readonly tables: readonly TableName[];
  readonly publication?: string;
}
