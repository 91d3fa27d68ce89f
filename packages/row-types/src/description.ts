import { z } from 'zod';

/** What the contract makes of a scalar type; `text` is all that it leaves as PostgreSQL's text. */
const SCALARS = [
  'boolean',
  'integer',
  'float',
  'bigint',
  'numeric',
  'json',
  'date',
  'timestamp',
  'timestamptz',
  'bytes',
  'text',
] as const;

export type Scalar = (typeof SCALARS)[number];

/** A column's type, as far as a worker can tell it: a domain is its base type. */
export type ValueType =
  | Scalar
  | { readonly enum: readonly string[] }
  /** Of elements that may be null, in as many dimensions as were declared. */
  | { readonly array: ValueType; readonly dimensions: number };

export interface ColumnDescription {
  readonly name: string;
  readonly type: ValueType;
  readonly nullable: boolean;
  /** True for a column that an update may leave out: TOASTed, and not in the old row that PostgreSQL sends. */
  readonly optional?: boolean | undefined;
}

/** What the rows of a table are like in its changes: what a worker is written for, and a stream can be held against. */
export interface TableDescription {
  /** `whole` with REPLICA IDENTITY FULL, else no more than the key. */
  readonly oldRow: 'whole' | 'key';
  /** Columns of the primary key with REPLICA IDENTITY FULL, else of the replica identity. */
  readonly key: readonly string[];
  /** Those that are published, in the table's order. */
  readonly columns: readonly ColumnDescription[];
}

/** By name, with its schema in front when that is not public. */
export type TableDescriptions = Readonly<Record<string, TableDescription>>;

const valueType: z.ZodType<ValueType, ValueType> = z.lazy(() =>
  z.union([
    z.enum(SCALARS),
    z.strictObject({ enum: z.array(z.string()) }),
    z.strictObject({ array: valueType, dimensions: z.int().min(1) }),
  ]),
);

/** Checks descriptions by table that come from a file: `tables` of one that `walmq types` wrote. */
export const tableDescriptions: z.ZodType<TableDescriptions, TableDescriptions> = z.record(
  z.string(),
  z.strictObject({
    oldRow: z.enum(['whole', 'key']),
    key: z.array(z.string()),
    columns: z.array(
      z.strictObject({
        name: z.string(),
        type: valueType,
        nullable: z.boolean(),
        optional: z.boolean().optional(),
      }),
    ),
  }),
);
