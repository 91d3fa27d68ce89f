import type { ClientBase } from 'pg';
import type { Scalar, ValueType } from './description.js';

/**
 * OIDs from pg_type.dat of the types that the contract does not map to PostgreSQL's text, or that have a form of
 * their own.
 */
const SCALAR_OF: ReadonlyMap<number, Scalar> = new Map([
  [16, 'boolean'],
  [17, 'bytes'],
  [20, 'bigint'],
  [21, 'integer'],
  [23, 'integer'],
  [114, 'json'],
  [700, 'float'],
  [701, 'float'],
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1700, 'numeric'],
  [3802, 'json'],
]);

interface TypeRow {
  oid: number;
  kind: string;
  /** The base type of a domain, the element type of an array, otherwise null. */
  made_of: number | null;
  /** Dimensions that a domain over an array declares. */
  dimensions: number;
  labels: string[];
}

/** The types, with all their base types and element types. */
const TYPES_SQL = `WITH RECURSIVE made AS (
  SELECT oid, typtype, typbasetype, typelem, typlen, typsubscript, typndims FROM pg_type WHERE oid = ANY ($1::int8[]::oid[])
  UNION
  SELECT t.oid, t.typtype, t.typbasetype, t.typelem, t.typlen, t.typsubscript, t.typndims FROM made m
    JOIN pg_type t ON t.oid = CASE WHEN m.typtype = 'd' THEN m.typbasetype ELSE m.typelem END
   WHERE m.typtype = 'd' OR m.typlen = -1 AND m.typsubscript = 'array_subscript_handler'::regproc)
SELECT oid::int8::float8 AS oid, typndims AS dimensions,
       CASE WHEN typtype = 'd' THEN 'domain' WHEN typtype = 'e' THEN 'enum'
            WHEN typlen = -1 AND typelem <> 0 AND typsubscript = 'array_subscript_handler'::regproc
             AND oid NOT IN ('int2vector'::regtype, 'oidvector'::regtype) THEN 'array'
            ELSE 'scalar' END AS kind,
       CASE WHEN typtype = 'd' THEN typbasetype ELSE typelem END::int8::float8 AS made_of,
       ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = made.oid ORDER BY enumsortorder) AS labels
  FROM made`;

/** Finds a column's type by its OID and its declared dimensions. */
export type TypeOf = (oid: number, dimensions: number) => ValueType;

/** Queries once for all `oids`. A type that no longer exists is text, as in the stream. */
export async function readValueTypes(client: ClientBase, oids: readonly number[]): Promise<TypeOf> {
  const { rows } = await client.query<TypeRow>(TYPES_SQL, [oids]);
  const types = new Map(rows.map(row => [row.oid, row]));
  return typeOf;

  function typeOf(oid: number, dimensions: number): ValueType {
    const type = types.get(oid);
    switch (type?.kind) {
      case 'domain':
        return typeOf(Number(type.made_of), type.dimensions);
      case 'enum':
        return { enum: type.labels };
      case 'array':
        // PostgreSQL does not enforce the declared dimensions of an array, and stores none for some ways to
        // create a table.
        return { array: typeOf(Number(type.made_of), 0), dimensions: Math.max(dimensions, 1) };
      default:
        return SCALAR_OF.get(oid) ?? 'text';
    }
  }
}
