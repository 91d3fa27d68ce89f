import {
  type ChangeTransaction,
  type EventChange,
  formatLsn,
  formatPosition,
  type Json,
  parseLsn,
  parseTableName,
  type Row,
  type TableName,
  toLsn,
} from '@walmq/change';
import type { TableDescription } from '@walmq/row-types';
import type {
  DeleteChange,
  InsertChange,
  ReadChange,
  TruncateChange,
  UpdateChange,
} from '../define/row-changes.js';

/** Fields of a change that a test wants to be different from the defaults. */
export type Fields<C> = Partial<Omit<C, 'op' | 'schema' | 'table' | 'before' | 'after' | 'tx'>> & {
  /** Fields of the transaction. A change of the transaction of another one has its `tx`, and a `seq` of its own. */
  readonly tx?: Partial<ChangeTransaction>;
};

/** What an event may have beside its type and payload. */
export interface EventFields {
  readonly key?: string | number;
  readonly headers?: Record<string, Json>;
  readonly context?: Record<string, Json>;
}

/** Functions that make changes as capture enqueues them. Each change has a transaction of its own, after the last one. */
export interface ChangeBuilders<Tables, Events> {
  insert<T extends keyof Tables & string>(
    table: T,
    after: InsertChange<Tables[T]>['after'],
    fields?: Fields<InsertChange<Tables[T]>>,
  ): InsertChange<Tables[T]>;
  /** `before` is null for a table without REPLICA IDENTITY FULL. */
  update<T extends keyof Tables & string>(
    table: T,
    before: UpdateChange<Tables[T]>['before'],
    after: UpdateChange<Tables[T]>['after'],
    fields?: Fields<UpdateChange<Tables[T]>>,
  ): UpdateChange<Tables[T]>;
  remove<T extends keyof Tables & string>(
    table: T,
    before: DeleteChange<Tables[T]>['before'],
    fields?: Fields<DeleteChange<Tables[T]>>,
  ): DeleteChange<Tables[T]>;
  /** A row that a backfill read. */
  read<T extends keyof Tables & string>(
    table: T,
    after: ReadChange<Tables[T]>['after'],
    fields?: Fields<ReadChange<Tables[T]>>,
  ): ReadChange<Tables[T]>;
  truncate<T extends keyof Tables & string>(
    table: T,
    fields?: Fields<TruncateChange<Tables[T]>>,
  ): TruncateChange<Tables[T]>;
  /** An event that was sent as a logical message, with `publish`. */
  event<E extends keyof Events & string>(
    type: E,
    payload: Events[E],
    fields?: EventFields,
  ): EventChange<Events[E]>;
}

const FIRST_XID = 1000;
const FIRST_LSN = parseLsn('0/1500000');
const FIRST_COMMIT_MS = Date.UTC(2026, 0, 1);
/** Bytes of WAL, and milliseconds, from one transaction to the next. */
const WAL_BYTES = 256n;
const PAUSE_MS = 1000;

/**
 * Makes changes for tests of handlers, typed by the row types that `walmq types` writes. `tables` of the same file tells
 * the columns of each table's key; without it, the key is the column `id`.
 *
 * ```ts
 * const { insert, update } = changesOf<Tables>(tables);
 * const payment = insert('payments', { id: 1, account_id: 7, amount: '99.99' });
 * ```
 *
 * The ids, transactions and times of the changes increase, and are the same in each run.
 */
export function changesOf<
  Tables extends { [T in keyof Tables]: object } = Record<string, Row>,
  Events extends { [E in keyof Events]: unknown } = Record<string, Json>,
>(tables: { readonly [T in keyof Tables]?: TableDescription } = {}): ChangeBuilders<Tables, Events> {
  let transactions = 0;
  const nextTransaction = (): ChangeTransaction => {
    const number = transactions++;
    return {
      xid: FIRST_XID + number,
      lsn: formatLsn(toLsn(FIRST_LSN + BigInt(number) * WAL_BYTES)),
      // PostgreSQL's times have microseconds.
      committedAt: new Date(FIRST_COMMIT_MS + number * PAUSE_MS).toISOString().replace('Z', '000Z'),
      seq: 1,
    };
  };
  const change = (op: string, name: TableName, rows: Rows, { tx: wanted, ...fields }: Fields<unknown>) => {
    const tx = { ...nextTransaction(), ...wanted };
    const id = formatPosition({ lsn: parseLsn(tx.lsn), seq: tx.seq });
    return { id, op, ...name, ...rows, tx, ...fields };
  };
  const rowChange = (op: string, table: string, rows: Omit<Rows, 'key'>, fields: Fields<unknown> = {}) => {
    const described = (tables as Readonly<Record<string, TableDescription | undefined>>)[table];
    return change(
      op,
      parseTableName(table) ?? { schema: 'public', table },
      { key: keyOf(rows.after ?? rows.before, described), ...rows },
      fields,
    );
  };
  const builders: ChangeBuilders<Record<string, Row>, Record<string, Json>> = {
    insert: (table, after, fields) => rowChange('insert', table, { before: null, after }, fields) as never,
    update: (table, before, after, fields) => {
      const rows = { before, after, ...(before ? { changed: changedIn(before, after) } : {}) };
      return rowChange('update', table, rows, fields) as never;
    },
    remove: (table, before, fields) => rowChange('delete', table, { before, after: null }, fields) as never,
    read: (table, after, fields) => rowChange('read', table, { before: null, after }, fields) as never,
    truncate: (table, fields) => rowChange('truncate', table, { before: null, after: null }, fields) as never,
    event: (type, payload, { key, headers, ...fields } = {}) => {
      const after = { type, payload, ...(key === undefined ? {} : { key }), ...(headers ? { headers } : {}) };
      const rows = { key: key === undefined ? null : { key }, before: null, after };
      return change('message', { schema: 'walmq', table: 'event' }, rows, fields) as never;
    },
  };
  return builders as unknown as ChangeBuilders<Tables, Events>;
}

interface Rows {
  readonly key: object | null;
  readonly before: object | null;
  readonly after: object | null;
  readonly changed?: readonly string[];
}

/** The columns of the key. Null if they are not in the row. */
function keyOf(row: object | null, { key = ['id'] }: Partial<TableDescription> = {}): object | null {
  const values = key.filter(column => row && column in row).map(column => [column, row?.[column as never]]);
  return key.length > 0 && values.length === key.length ? Object.fromEntries(values) : null;
}

/** Names of the columns that differ. */
function changedIn(before: object, after: object): string[] {
  const old = Object.entries(before).map(([column, value]) => [column, JSON.stringify(value)] as const);
  return old
    .filter(([column, text]) => JSON.stringify(after[column as never]) !== text)
    .map(([column]) => column);
}
