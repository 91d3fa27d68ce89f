/**
 * A worker that projects changes to facts, and keeps them in PostgreSQL, ClickHouse, BigQuery or in a sink of your own.
 *
 * @packageDocumentation
 */

export {
  type AnalyticsSink,
  analyticsSinkWorker,
  type BigqueryColumns,
  type BigqueryConnection,
  type BigquerySinkOptions,
  type BigqueryTable,
  bigqueryTablesSql,
  type Columns,
  createBigquerySink,
  createClickhouseSink,
  createPostgresSink,
  DELETED_COLUMN,
  type Fact,
  type MirrorOptions,
  mirror,
  POSITION_COLUMN,
  type PositionedFact,
  type Projection,
  type WriteOptions,
} from '@walmq/sinks/analytics';
