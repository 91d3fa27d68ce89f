import type { TableName } from '@walmq/change';
import type { TableModel } from '@walmq/row-types';
import type { PackageManager } from '../look/package-manager.js';

/** A table that the project captures. */
export interface ChosenTable extends TableName {
  /** What the database says of it after set-up. Undefined if no database was asked. */
  readonly model: TableModel | undefined;
}

/** All decisions of the user, from flags or questions. */
export interface Answers {
  readonly tables: readonly ChosenTable[];
  readonly packageManager: PackageManager;
  /** Write a compose file for PostgreSQL and Redis. */
  readonly docker: boolean;
  /** Add the embedded servers as a development dependency. */
  readonly embedded: boolean;
  /** Write the example: a schema and a worker with an effect. */
  readonly example: boolean;
  /** The version of walmq that the project gets. */
  readonly version: string;
}
