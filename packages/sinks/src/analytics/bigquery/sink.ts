import { WalmqError } from '@walmq/change';
import { giveUp } from '@walmq/worker';
import type { PositionedFact } from '../fact.js';
import { newestOf } from '../newest.js';
import type { AnalyticsSink } from '../sink.js';
import { type BigqueryClient, type BigqueryConnection, loadBigquery, openClient, post } from './client.js';
import { bigqueryFailure, type InsertError, refusalOf } from './failure.js';
import { bodyOf, type EncodedRow, encodeRow, intoRequests } from './requests.js';
import { type BigqueryTable, bigqueryTablesSql, placeOf } from './tables.js';

/** Of `createBigquerySink`. */
export interface BigquerySinkOptions extends BigqueryConnection {
  /** Of the tables whose names have no dataset. */
  readonly dataset: string;
  /** The place of the dataset. If it is set, and with `tables`, a missing dataset is created there. */
  readonly location?: string;
  /** Tables of facts to create, each with its view, if they are missing. */
  readonly tables?: Readonly<Record<string, BigqueryTable>>;
  /** Milliseconds for one request. Default 15 000. */
  readonly requestTimeoutMs?: number;
}

/** How often rows are sent that BigQuery could not write just now, in one call of `write`. */
const TRIES = 3;

/**
 * Facts in BigQuery, in tables with `walmq_position STRING` and `walmq_deleted BOOL`, to which it only appends: read the view that
 * `tables` creates (`<table>_newest`). Rejects with SINK_NOT_INSTALLED, SINK_CREDENTIALS.
 */
export async function createBigquerySink(options: BigquerySinkOptions): Promise<AnalyticsSink> {
  return await openBigquerySink(options, loadBigquery);
}

/** With the client from elsewhere: this package does not bring it. */
export async function openBigquerySink(
  options: BigquerySinkOptions,
  load: typeof loadBigquery,
): Promise<AnalyticsSink> {
  const { dataset, tables = {}, requestTimeoutMs = 15_000 } = options;
  const client = await openClient(await load(), options);
  if (Object.keys(tables).length > 0) await createTables(client, options, tables);
  return {
    async write(rows, { signal }) {
      signal.throwIfAborted();
      for (const [table, facts] of byTable(newestOf(rows))) {
        const place = placeOf(table, dataset);
        const types = { ...tables[table]?.key, ...tables[table]?.columns };
        const uri = `/datasets/${encodeURIComponent(place.dataset)}/tables/${encodeURIComponent(place.table)}/insertAll`;
        for (const request of intoRequests(facts.map(fact => encodeRow(fact, types)))) {
          try {
            await insert(request, {
              table,
              send: body => inTime(() => post(client, uri, body), signal, requestTimeoutMs),
            });
          } catch (error) {
            throw bigqueryFailure(signal.aborted ? signal.reason : error, table);
          }
        }
      }
    },
    async close() {},
  };
}

async function createTables(
  client: BigqueryClient,
  { dataset, location }: BigquerySinkOptions,
  tables: Readonly<Record<string, BigqueryTable>>,
): Promise<void> {
  const where = location === undefined ? {} : { location };
  try {
    await client.query({ query: bigqueryTablesSql({ dataset, ...where, tables }), ...where });
  } catch (error) {
    throw bigqueryFailure(error, Object.keys(tables).join(', '));
  }
}

/** BigQuery writes all rows of a request, or tells of each row why not. */
async function insert(
  rows: readonly EncodedRow[],
  { table, send }: { readonly table: string; readonly send: (body: string) => Promise<unknown> },
): Promise<void> {
  let left = rows;
  for (let attempt = 1; ; attempt++) {
    const { insertErrors = [] } = (await send(bodyOf(left))) as { insertErrors?: readonly InsertError[] };
    if (insertErrors.length === 0) return;
    const { invalid, again } = refusalOf(insertErrors);
    const [worst] = invalid;
    if (worst) {
      const where = worst.field === undefined ? '' : ` in the column ${worst.field}`;
      throw Object.assign(
        giveUp(`BigQuery does not take a fact for ${table}: its value${where} is invalid.`, {
          remedy: 'Compare the projection with the table, then retry the change.',
        }),
        // The batch is split at this change: a request with an invalid row writes none of its rows.
        { changeId: left[worst.index]?.changeId },
      );
    }
    left = again.flatMap(index => left[index] ?? []);
    if (attempt === TRIES)
      throw new WalmqError(
        'SINK_FAILED',
        `BigQuery did not take ${left.length} of ${rows.length} facts for ${table}.`,
      );
  }
}

/** The client cannot abort a request: a late answer is ignored, and insertIds make the repetition harmless. */
async function inTime<T>(act: () => Promise<T>, signal: AbortSignal, timeoutMs: number): Promise<T> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  return await new Promise<T>((resolve, reject) => {
    over.addEventListener('abort', () => reject(new Error('out of time')), { once: true });
    act().then(resolve, reject);
  });
}

function byTable(groups: readonly (readonly PositionedFact[])[]): Map<string, PositionedFact[]> {
  const tables = new Map<string, PositionedFact[]>();
  for (const facts of groups) {
    const { table } = facts[0] as PositionedFact;
    tables.set(table, [...(tables.get(table) ?? []), ...facts]);
  }
  return tables;
}
