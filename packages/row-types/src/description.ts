import { z } from 'zod';

/** Kind of a scalar type in the contract. `text` covers every type that stays PostgreSQL's text. */
export type Scalar =
  | 'boolean'
  | 'integer'
  | 'float'
  | 'bigint'
  | 'numeric'
  | 'json'
  | 'date'
  | 'timestamp'
  | 'timestamptz'
  | 'bytes'
  | 'text';

const SCALARS: readonly Scalar[] = [
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
];

/** A column's type as a worker sees it: a domain is its base type. */
export type ValueType =
  | Scalar
  | { readonly enum: readonly string[] }
  /** An array. Its elements may be null; `dimensions` as declared. */
  | { readonly array: ValueType; readonly dimensions: number };

/** A column of a table as a worker sees it. */
export interface ColumnDescription {
  readonly name: string;
  readonly type: ValueType;
  readonly nullable: boolean;
  /**
   * True for a column that an update may omit: TOASTed, and not part of the old row that PostgreSQL sends.
   */
  readonly optional?: boolean | undefined;
}

/**
 * The form of a table's rows in its changes. A worker is written for a description, and capture compares the
 * stream with the description.
 */
export interface TableDescription {
  /** `whole` with REPLICA IDENTITY FULL, otherwise at most the key. */
  readonly oldRow: 'whole' | 'key';
  /** Columns of the primary key with REPLICA IDENTITY FULL, otherwise of the replica identity. */
  readonly key: readonly string[];
  /** The published columns, in the table's order. */
  readonly columns: readonly ColumnDescription[];
}

/** Descriptions by name; with the schema in front, unless it is public. */
export type TableDescriptions = Readonly<Record<string, TableDescription>>;

const valueType: z.ZodType<ValueType, ValueType> = z.lazy(() =>
  z.union([
    z.enum(SCALARS),
    z.strictObject({ enum: z.array(z.string()) }),
    z.strictObject({ array: valueType, dimensions: z.int().min(1) }),
  ]),
);

/** Validates descriptions that come from a file: `tables` of a file that `walmq types` wrote. */
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
