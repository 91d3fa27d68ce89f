import { createHash } from 'node:crypto';
import { giveUp } from '@walmq/worker';
import type { Columns, PositionedFact } from '../fact.js';
import { DELETED_COLUMN, POSITION_COLUMN } from '../sink.js';
import type { BigqueryColumns } from './tables.js';

/** BigQuery allows 10 MB for a request and advises 500 rows: https://cloud.google.com/bigquery/quotas#streaming_inserts */
const LIMITS = { bytes: 9_500_000, rows: 500 };

/** A row as the body of a request has it. */
export interface EncodedRow {
  readonly changeId: string;
  readonly text: string;
}

/** Types by column decide how a value is written; `{}` if the sink does not know the table. */
export function encodeRow(
  { table, key, values, position }: PositionedFact,
  types: BigqueryColumns,
): EncodedRow {
  const json = {
    ...encodeAll(key, types),
    ...(values && encodeAll(values, types)),
    [POSITION_COLUMN]: position,
    [DELETED_COLUMN]: values === null,
  };
  const text = JSON.stringify({ insertId: insertIdOf(position, key), json });
  if (Buffer.byteLength(text) <= LIMITS.bytes) return { changeId: position, text };
  throw Object.assign(
    giveUp(`a fact for ${table} is larger than the ${LIMITS.bytes / 1e6} MB that BigQuery takes in a row.`, {
      remedy: 'Leave its large columns out of the projection, then retry the change.',
    }),
    { changeId: position },
  );
}

/** As few requests as the limits allow, in the order of the rows. */
export function intoRequests(rows: readonly EncodedRow[], limits = LIMITS): EncodedRow[][] {
  const requests: EncodedRow[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    // With its comma.
    const size = Buffer.byteLength(row.text) + 1;
    const open = requests.at(-1);
    if (open && open.length < limits.rows && bytes + size <= limits.bytes) {
      open.push(row);
      bytes += size;
    } else {
      requests.push([row]);
      bytes = size;
    }
  }
  return requests;
}

export function bodyOf(rows: readonly EncodedRow[]): string {
  return `{"rows":[${rows.map(({ text }) => text).join(',')}]}`;
}

/** The same for the same fact of the same change, whatever else its batch holds. BigQuery compares it within a table. */
function insertIdOf(position: string, key: Columns): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(Object.entries(key)))
    .digest('base64url');
  return `${position}-${digest.slice(0, 22)}`;
}

function encodeAll(columns: Columns, types: BigqueryColumns): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [name, encode(value, types[name])]),
  );
}

/** A column of the type JSON takes the text of a document. Without a known type, an object is one. */
function encode(value: Columns[string], type: string | undefined): unknown {
  if (value === null) return null;
  const isDocument =
    type === undefined ? typeof value === 'object' && !Array.isArray(value) : /^json\b/i.test(type);
  return isDocument ? JSON.stringify(value) : value;
}
