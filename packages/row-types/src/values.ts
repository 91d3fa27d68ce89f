import { z } from 'zod';

/** A float that JSON cannot write as a number is a string. */
export type Float = number | 'NaN' | 'Infinity' | '-Infinity';

/**
 * Four digits, or ISO 8601's expanded year. PostgreSQL's last years are 5874897 (date) and 294276
 * (timestamp).
 */
const DAY = '(?:\\d{4}|[+-]\\d{6,7})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
const TIME = 'T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?';

const dated = (form: string) => z.string().regex(new RegExp(`^(?:-?infinity|${form})$`));

/** Validators of the contract's values, by kind of column type. */
export const values = {
  boolean: z.boolean(),
  integer: z.int32(),
  float: z.union([z.number(), z.literal(['NaN', 'Infinity', '-Infinity'])]),
  /** Digits as text: a JSON number would lose some. */
  bigint: z.string().regex(/^-?\d+$/),
  numeric: z.string().regex(/^(?:-?\d+(?:\.\d+)?|NaN|-?Infinity)$/),
  json: z.json(),
  date: dated(DAY),
  /** Timestamp without a zone. */
  timestamp: dated(DAY + TIME),
  /** Timestamp in UTC. */
  timestamptz: dated(`${DAY}${TIME}Z`),
  /** Base64. */
  bytes: z.base64(),
  text: z.string(),
  oneOf: <const Labels extends readonly string[]>(labels: Labels) => z.enum(labels),
};
