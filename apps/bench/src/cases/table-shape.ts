import type { Keys, Width } from './plan.js';

interface BenchColumn {
  readonly name: string;
  readonly type: string;
  /** SQL expression of the value in row `i`. */
  readonly value: string;
}

const ID: BenchColumn = { name: 'id', type: 'bigint PRIMARY KEY', value: 'i' };

const NARROW: readonly BenchColumn[] = [
  ID,
  { name: 'customer_id', type: 'int NOT NULL', value: '(i * 7919 % 100000)::int' },
  { name: 'status', type: 'text NOT NULL', value: "'paid'" },
  { name: 'total', type: 'numeric(10,2) NOT NULL', value: '(i % 100000)::numeric / 100' },
  { name: 'placed_at', type: 'timestamptz NOT NULL', value: "'2026-01-02 03:04:05.678901Z'::timestamptz" },
  { name: 'note', type: 'text', value: "'Please leave it with the neighbours, door ' || i" },
];

/** 40 columns of the types that a typical large business table has. */
const WIDE: readonly BenchColumn[] = [
  ID,
  ...times(9, n => ({ name: `count_${n}`, type: 'int NOT NULL', value: `(i * ${n} % 100000)::int` })),
  ...times(10, n => ({ name: `label_${n}`, type: 'text', value: `'some words of label ${n}, ' || i` })),
  ...times(8, n => ({
    name: `amount_${n}`,
    type: 'numeric(12,2)',
    value: `(i * ${n} % 1000000)::numeric / 100`,
  })),
  ...times(6, n => ({
    name: `moment_${n}`,
    type: 'timestamptz',
    value: `'2026-01-02 03:04:0${n}.678901Z'::timestamptz`,
  })),
  ...times(3, n => ({ name: `flag_${n}`, type: 'boolean', value: `i % ${n + 1} = 0` })),
  ...times(2, n => ({ name: `ratio_${n}`, type: 'float8', value: `(i % 1000)::float8 / ${n * 8}` })),
  {
    name: 'attributes',
    type: 'jsonb',
    value: `'{"colour": "green", "sizes": [1, 2, 3], "gift": false}'::jsonb`,
  },
];

const SHAPES: Readonly<Record<Width, readonly BenchColumn[]>> = { narrow: NARROW, wide: WIDE };

export function tableName(width: Width): string {
  return `bench_${width}`;
}

/** Debezium's stream of the table's changes. */
export function streamName(width: Width): string {
  return `bench.public.${tableName(width)}`;
}

export function createTable(width: Width): string {
  const columns = SHAPES[width].map(({ name, type }) => `${name} ${type}`);
  return `CREATE TABLE ${tableName(width)} (${columns.join(', ')})`;
}

/** Orders the changes of a case that has fewer keys than rows. */
export const ORDERING_COLUMN = 'customer_id';

/** SQL expression of the ordering column's value in row `i`. */
function orderingValue(keys: number | 'hot'): string {
  return keys === 'hot' ? '(CASE WHEN i % 10 = 0 THEN 0 ELSE i END)::int' : `(i % ${keys})::int`;
}

/** One statement that inserts the rows `from` to `to`, which are SQL expressions. */
export function insertRows(width: Width, from: string, to: string, keys: Keys = 'row'): string {
  const values = SHAPES[width].map(({ name, value }) =>
    keys !== 'row' && name === ORDERING_COLUMN ? orderingValue(keys) : value,
  );
  return `INSERT INTO ${tableName(width)} SELECT ${values.join(', ')} FROM generate_series((${from})::bigint, (${to})::bigint) AS i`;
}

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}
