import { WalmqError } from '@walmq/change';
import type { Payload } from './event.js';
import { eventInvalid } from './event-invalid.js';
import { columnsOf, type OutboxColumns, quote, quoteTable } from './outbox-table.js';
import { type QueryClient, requireTransaction, rowsOf } from './query-client.js';
import { unwritable } from './unwritable.js';

/** Something that happened to one aggregate: an order, an account. */
export interface AggregateEvent {
  /** Decides which queues take it. */
  readonly aggregateType: string;
  /** The events of one aggregate are processed strictly in order. Default: no order. */
  readonly aggregateId?: string | number | bigint;
  /** What happened, such as "order.paid": the job's name. */
  readonly type: string;
  /** Content of the event. */
  readonly payload?: Payload;
  /** Content beside the payload, for example a traceparent. */
  readonly headers?: Readonly<Record<string, Payload | undefined>>;
}

/** Where the outbox table is. */
export interface OutboxOptions {
  /** Default "public". */
  readonly schema?: string;
  /** Default "outbox". */
  readonly table?: string;
  /** As in walmq.config.ts. Default: id, aggregate_type, aggregate_id, type, payload, headers. */
  readonly columns?: Partial<OutboxColumns>;
  /**
   * False deletes each row right after the insert: the WAL has the row, and the table stays empty. Default
   * true.
   */
  readonly keepRows?: boolean;
}

/** An outbox table on one connection. */
export interface Outbox {
  /** Writes the event in the open transaction. After the commit it becomes a job of each of its queues. */
  publish(event: AggregateEvent): Promise<void>;
}

/** The outbox table on one connection, as `walmq setup --outbox` creates it. */
export function outbox(client: QueryClient, options: OutboxOptions = {}): Outbox {
  const { schema = 'public', table = 'outbox', columns = {}, keepRows = true } = options;
  const name = quoteTable({ schema, table });
  const named = columnsOf({ columns });
  const names = [named.aggregateType, named.aggregateId, named.type, named.payload, named.headers]
    .map(quote)
    .join(', ');
  // Not by its id, whose type the application chose: some libraries send every parameter with a type of their own.
  const returning = keepRows ? '' : ' RETURNING ctid::text AS row, tableoid::bigint::text AS relation';
  const insert = `INSERT INTO ${name} (${names}) VALUES ($1, $2, $3, $4::text::json, $5::text::json)${returning}`;
  return {
    async publish(event) {
      requireTransaction(client);
      const { payload, headers } = event;
      const mistake = unwritable({ payload, headers });
      if (mistake !== undefined) throw eventInvalid(mistake);
      const inserted = await client.query(insert, [
        event.aggregateType,
        event.aggregateId === undefined ? null : String(event.aggregateId),
        event.type,
        json(payload),
        json(headers),
      ]);
      if (keepRows) return;
      const [written] = rowsOf(inserted);
      if (typeof written?.row !== 'string') throw rowKept(name);
      await client.query(`DELETE FROM ${name} WHERE ctid = $1::text::tid AND tableoid = $2::text::oid`, [
        written.row,
        written.relation,
      ]);
    },
  };
}

function rowKept(table: string): WalmqError {
  return new WalmqError(
    'OUTBOX_ROW_KEPT',
    `the event's row in ${table} was written and cannot be deleted: query() returned no rows.`,
    {
      remedy:
        'Roll the transaction back. Then use keepRows: true, or an adapter whose query() returns rows (docs/guides/libraries.md).',
    },
  );
}

/** pg would send an array as an array of PostgreSQL. */
function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
