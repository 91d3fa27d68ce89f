import { WalmqError } from '@walmq/change';
import { clickhouseFailure } from './clickhouse-failure.js';
import { versionOf } from './clickhouse-version.js';
import type { PositionedFact } from './fact.js';
import { type AnalyticsSink, DELETED_COLUMN, POSITION_COLUMN } from './sink.js';

/**
 * Facts in ClickHouse, over its HTTP interface, in tables of `ENGINE = ReplacingMergeTree(walmq_position,
 * walmq_deleted) ORDER BY (<key>)` with `walmq_position UInt128` and `walmq_deleted UInt8` (ClickHouse 24.8
 * or newer). ClickHouse merges away a row that comes again or late: read with FINAL. Rejects with SINK_NOT_INSTALLED.
 */
export async function createClickhouseSink(options: {
  /** `http://user:password@host:8123/database`. */
  readonly url: string;
  /** Milliseconds for one request. Default 15 000. */
  readonly requestTimeoutMs?: number;
}): Promise<AnalyticsSink> {
  const { ClickHouseLogLevel, createClient } = await loadClient();
  const client = createClient({
    url: options.url,
    application: 'walmq',
    request_timeout: options.requestTimeoutMs ?? 15_000,
    // As many connections as concurrent changes: all wait for one write of the server, not for each other.
    max_open_connections: Number.POSITIVE_INFINITY,
    // The client's log would contain the rows.
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    async write(rows, { idempotencyKey, signal }) {
      signal.throwIfAborted();
      for (const [table, facts] of byTable(rows)) {
        try {
          await client.insert({
            table,
            values: facts.map(toRow),
            format: 'JSONEachRow',
            abort_signal: signal,
            clickhouse_settings: {
              // The server collects the inserts of many workers: one part of the table per change would
              // overload it. It answers when the rows are written.
              async_insert: 1,
              wait_for_async_insert: 1,
              insert_deduplication_token: idempotencyKey,
              date_time_input_format: 'best_effort',
              // Unknown columns, and nulls that a column cannot hold, are errors and not skipped.
              input_format_skip_unknown_fields: 0,
              input_format_null_as_default: 0,
            },
          });
        } catch (error) {
          throw clickhouseFailure(signal.aborted ? signal.reason : error);
        }
      }
    },
    close: () => client.close(),
  };
}

/** An optional package: only this sink needs it. */
async function loadClient() {
  try {
    return await import('@clickhouse/client');
  } catch (cause) {
    if (!/MODULE_NOT_FOUND$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new WalmqError('SINK_NOT_INSTALLED', 'the client of ClickHouse is not installed.', {
      remedy: 'Run "npm install @clickhouse/client".',
      cause,
    });
  }
}

function toRow({ key, values, position }: PositionedFact): Record<string, unknown> {
  return {
    ...key,
    ...values,
    [POSITION_COLUMN]: versionOf(position),
    [DELETED_COLUMN]: values === null ? 1 : 0,
  };
}

function byTable(rows: readonly PositionedFact[]): Map<string, PositionedFact[]> {
  const tables = new Map<string, PositionedFact[]>();
  for (const row of rows) tables.set(row.table, [...(tables.get(row.table) ?? []), row]);
  return tables;
}
