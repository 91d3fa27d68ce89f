import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

type Row = Readonly<Record<string, unknown>>;

export interface RequestSeen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * Not BigQuery: a stand-in that answers the requests of its client as the reference describes. It keeps one row per insertId of a
 * table, as BigQuery does for about a minute and as well as it can. It knows no types and runs no SQL.
 */
export class BigqueryStandIn {
  readonly seen: RequestSeen[] = [];
  /** Rows that were written, in order, by "dataset.table". */
  readonly rows = new Map<string, Row[]>();
  /** Answers for the next requests, instead of the table's. */
  readonly answers: Answer[] = [];
  /** What an answer waits for, after its rows are written. */
  written: Promise<void> = Promise.resolve();
  readonly #ids = new Set<string>();
  readonly #server = http.createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** What the view shows: of each key the row with the last position, unless it is a tombstone. */
  newest(table: string, key: string): Row[] {
    const last = new Map<unknown, Row>();
    for (const row of this.rows.get(table) ?? []) {
      const before = last.get(row[key]);
      if (!before || String(before.walmq_position) < String(row.walmq_position)) last.set(row[key], row);
    }
    return [...last.values()].filter(row => row.walmq_deleted !== true);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const text = String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw);
    const body: unknown = request.headers['content-type']?.includes('json') ? JSON.parse(text) : text;
    const path = new URL(request.url ?? '', 'http://stand-in').pathname;
    this.seen.push({
      method: request.method ?? '',
      path,
      authorization: request.headers.authorization,
      body,
    });
    const answer = this.answers.shift() ?? this.#run(path, body);
    if (path.endsWith('/insertAll')) await this.written;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  }

  #run(path: string, body: unknown): Answer {
    const [, dataset, table] = /\/datasets\/(\w+)\/tables\/(\w+)\/insertAll$/.exec(path) ?? [];
    if (dataset === undefined || table === undefined)
      return path === '/token'
        ? { status: 200, body: { access_token: 'of-the-stand-in', token_type: 'Bearer', expires_in: 3600 } }
        : { status: 200, body: { kind: 'bigquery#queryResponse', jobComplete: true, queryId: 'q' } };
    const name = `${dataset}.${table}`;
    const rows = this.rows.get(name) ?? [];
    this.rows.set(name, rows);
    for (const row of (body as { rows: { insertId: string; json: Row }[] }).rows) {
      const id = `${name} ${row.insertId}`;
      if (!this.#ids.has(id)) rows.push(row.json);
      this.#ids.add(id);
    }
    return { status: 200, body: { kind: 'bigquery#tableDataInsertAllResponse' } };
  }
}
