import type { Json } from '@walmq/change';
import type { QueryClient } from './context.js';
import { columnsOf, type OutboxColumns, quote, quoteTable } from './outbox-table.js';

/** Something that happened to one aggregate: an order, an account. */
export interface AggregateEvent {
  /** Decides which queues take it. */
  readonly aggregateType: string;
  /** The events of one aggregate are processed strictly in order. Default: no order. */
  readonly aggregateId?: string | number | bigint;
  /** What happened, such as "order.paid": the job's name. */
  readonly type: string;
  readonly payload?: Json;
  readonly headers?: Readonly<Record<string, Json>>;
}

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

export interface Outbox {
  /** Writes the event in the open transaction. After the commit it becomes a job of each of its queues. */
  publish(event: AggregateEvent): Promise<void>;
}

/** The outbox table on one connection, as `walmq setup --outbox` creates it. */
export function outbox(client: QueryClient, options: OutboxOptions = {}): Outbox {
  const { schema = 'public', table = 'outbox', columns = {}, keepRows = true } = options;
  const name = quoteTable({ schema, table });
  const { id, aggregateType, aggregateId, type, payload, headers } = columnsOf({ columns });
  const names = [aggregateType, aggregateId, type, payload, headers].map(quote).join(', ');
  const returning = keepRows ? '' : ` RETURNING ${quote(id)} AS id`;
  const insert = `INSERT INTO ${name} (${names}) VALUES ($1, $2, $3, $4, $5)${returning}`;
  return {
    async publish(event) {
      const inserted = await client.query(insert, [
        event.aggregateType,
        event.aggregateId === undefined ? null : String(event.aggregateId),
        event.type,
        json(event.payload),
        json(event.headers),
      ]);
      if (!keepRows) await client.query(`DELETE FROM ${name} WHERE ${quote(id)} = $1`, [idOf(inserted)]);
    },
  };
}

/** pg would send an array as an array of PostgreSQL. */
function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function idOf(inserted: unknown): unknown {
  return (inserted as { rows: { id: unknown }[] }).rows[0]?.id;
}
