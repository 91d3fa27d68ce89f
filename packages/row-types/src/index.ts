export type { Json } from '@walmq/change';
export { compareTables, type Difference } from './compare.js';
export { describeStreamed, type StreamedTable } from './describe-streamed.js';
export {
  type ColumnDescription,
  type Scalar,
  type TableDescription,
  type TableDescriptions,
  tableDescriptions,
  type ValueType,
} from './description.js';
export type { IdentityOnly, Marked, OldIn, RowIn, SentIn } from './identity-only.js';
export { type MismatchesOf, mismatchesOf } from './mismatches.js';
export { describe, printTables } from './print-tables.js';
export { type ColumnModel, readTables, type TableModel } from './read-tables.js';
export { rowOf, sentOf } from './row-of.js';
export { type Float, values } from './values.js';
