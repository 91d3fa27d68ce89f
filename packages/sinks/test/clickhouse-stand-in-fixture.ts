import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

type Row = Record<string, unknown>;

interface Table {
  readonly columns: ReadonlySet<string>;
  readonly orderBy: readonly string[];
  readonly rows: Row[];
}

const CREATE = /^CREATE TABLE (\w+) \(([\s\S]+)\) ENGINE = ReplacingMergeTree\(\w+, \w+\) ORDER BY (.+)$/;
const DROP = /^DROP TABLE IF EXISTS (\w+)$/;
const INSERT = /^INSERT INTO (\w+) FORMAT JSONEachRow\s*/;
const SELECT = /^SELECT (.+) FROM (\w+) (FINAL )?ORDER BY (.+?)\s*(?:FORMAT JSONEachRow\s*)?$/;

/** What a client asked for, beside its rows. */
export interface InsertSeen {
  readonly settings: URLSearchParams;
  readonly authorization: string | undefined;
}

/**
 * Not ClickHouse: a stand-in that answers its HTTP interface for the four statements of these tests, and merges
 * versions and tombstones as ReplacingMergeTree does. It knows no types. The tests pass on a real server as well: set
 * CLICKHOUSE_TEST_URL to it (24.8 or newer).
 */
export class ClickhouseStandIn {
  readonly inserts: InsertSeen[] = [];
  /** Answers of its own, instead of the table's, while it is set. */
  failure: { readonly status: number; readonly code?: number; readonly message: string } | undefined;
  /** What answers wait for: a real server's wait until a gathered insert is written. */
  written: Promise<void> = Promise.resolve();
  readonly #tables = new Map<string, Table>();
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const settings = new URL(request.url ?? '', 'http://stand-in').searchParams;
    const statement = settings.get('query');
    try {
      if (this.failure) throw this.failure;
      const sql = statement ?? body;
      if (INSERT.test(sql)) this.inserts.push({ settings, authorization: request.headers.authorization });
      await this.written;
      response.end(this.#run(sql.trim(), statement === null ? '' : body, settings));
    } catch (error) {
      const { status = 500, code, message } = error as { status?: number; code?: number; message: string };
      response.writeHead(status, code === undefined ? {} : { 'x-clickhouse-exception-code': code });
      response.end(code === undefined ? message : `Code: ${code}. DB::Exception: ${message}`);
    }
  }

  #run(sql: string, body: string, settings: URLSearchParams): string {
    const dropped = DROP.exec(sql)?.[1];
    if (dropped !== undefined) {
      this.#tables.delete(dropped);
      return '';
    }
    const create = CREATE.exec(sql);
    if (create) {
      const [, name = '', columns = '', orderBy = ''] = create;
      this.#tables.set(name, {
        columns: new Set(columns.split(/,\s*(?=\w+ )/).map(column => column.trim().split(' ')[0] as string)),
        orderBy: orderBy.replaceAll(/[()]/g, '').split(', '),
        rows: [],
      });
      return '';
    }
    const insert = INSERT.exec(sql);
    if (insert) {
      const table = this.#table(insert[1] as string);
      const rows = body.split('\n').filter(Boolean);
      // Its default is to pass over what it does not know.
      const strict = settings.get('input_format_skip_unknown_fields') === '0';
      table.rows.push(...rows.map(line => known(table, JSON.parse(line) as Row, strict)));
      return '';
    }
    const [, columns = '', name = '', final] = SELECT.exec(sql) ?? [];
    const { orderBy, rows } = this.#table(name);
    const selected = (final ? merged(rows, orderBy) : rows).map(row =>
      Object.fromEntries(columns.split(', ').map(column => [column, row[column] ?? null])),
    );
    return selected.map(row => `${JSON.stringify(row)}\n`).join('');
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw { status: 404, code: 60, message: `Unknown table ${name}. (UNKNOWN_TABLE)` };
    return table;
  }
}

function known({ columns }: Table, row: Row, strict: boolean): Row {
  const unknown = strict ? Object.keys(row).find(column => !columns.has(column)) : undefined;
  if (unknown === undefined) return row;
  throw {
    status: 400,
    code: 117,
    message: `Unknown field ${unknown}: ${JSON.stringify(row)} (INCORRECT_DATA)`,
  };
}

/** Of the rows with one key the last version, unless that is a tombstone; of one version the last inserted. */
function merged(rows: readonly Row[], orderBy: readonly string[]): Row[] {
  const last = new Map<string, Row>();
  const version = (row: Row) => BigInt(row.walmq_position as string);
  for (const row of rows) {
    const key = JSON.stringify(orderBy.map(column => row[column]));
    const before = last.get(key);
    if (!before || version(row) >= version(before)) last.set(key, row);
  }
  return [...last.values()]
    .filter(row => row.walmq_deleted === 0)
    .sort((a, b) => Number(a[orderBy[0] as string]) - Number(b[orderBy[0] as string]));
}
