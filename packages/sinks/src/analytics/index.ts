export type { BigqueryConnection } from './bigquery/client.js';
export { type BigquerySinkOptions, createBigquerySink } from './bigquery/sink.js';
export { type BigqueryColumns, type BigqueryTable, bigqueryTablesSql } from './bigquery/tables.js';
export { createClickhouseSink } from './clickhouse-sink.js';
export type { Columns, Fact, PositionedFact, Projection } from './fact.js';
export { type MirrorOptions, mirror } from './mirror.js';
export { createPostgresSink } from './postgres-sink.js';
export { type AnalyticsSink, DELETED_COLUMN, POSITION_COLUMN, type WriteOptions } from './sink.js';
export { analyticsSinkWorker } from './worker.js';
