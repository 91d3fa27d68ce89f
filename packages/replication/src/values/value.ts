import { decimalText } from '@walmq/change';
import { writeBytea } from './bytea.js';
import { dateTimeToJson, writeDateTime } from './date-time.js';
import { type JsonSink, JsonWriter } from './json-writer.js';
import {
  addressText,
  asItIs,
  booleanText,
  dateTimeText,
  intervalText,
  jsonText,
  type OrderingText,
  withoutTrailingBlanks,
} from './ordering-text.js';

/** Converts the text form of one value to JSON text. */
export type ToJson = (text: string) => string;

/** How the values of a type become JSON: from a string, or directly from PostgreSQL's bytes. Both give the same JSON. */
export interface ValueType {
  readonly toJson: ToJson;
  /** Writes bytes [start, end). */
  readonly write: (json: JsonSink, bytes: Buffer, start: number, end: number) => void;
  /** Returns the value's text in an ordering key. */
  readonly ordering: OrderingText;
  /** Only for json and jsonb, and for arrays of them. */
  readonly jsonNulls?: JsonNulls;
}

/** Finds JSON nulls in a value. The JSON of a row shows SQL NULL in the same way. */
export interface JsonNulls {
  /** False if the first byte shows that the value holds no JSON null. Saves a string for most values. */
  readonly mayBeIn: (bytes: Buffer, start: number) => boolean;
  /** Returns the paths of the JSON nulls: `''` is the value itself, `'[2]'` an element of an array, from 0. */
  readonly find: (text: string) => readonly string[];
}

/** Creates a type whose bytes are converted to a string first. */
export function typeFromText(toJson: ToJson, ordering: OrderingText): ValueType {
  return {
    toJson,
    ordering,
    write: (json, bytes, start, end) => json.text(toJson(bytes.toString('utf8', start, end))),
  };
}

/** Creates a type whose strings are converted to bytes first. */
export function typeFromBytes(write: ValueType['write'], ordering: OrderingText): ValueType {
  return { write, ordering, toJson: textWith(write) };
}

/** Returns a function that converts a string with `write`. */
export function textWith(write: ValueType['write']): ToJson {
  return text => {
    const bytes = Buffer.from(text);
    const json = new JsonWriter();
    write(json, bytes, 0, bytes.length);
    return json.take();
  };
}

/** OIDs from pg_type.dat of the types whose JSON or ordering text differs from that of plain text. */
const BOOL = 16;
const BYTEA = 17;
const INT2 = 21;
const INT4 = 23;
const JSON_TYPE = 114;
const CIDR = 650;
const FLOAT4 = 700;
const FLOAT8 = 701;
const INET = 869;
const BPCHAR = 1042;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const INTERVAL = 1186;
const NUMERIC = 1700;
const JSONB = 3802;

const SPACE = 0x20;
const LETTER_N = 0x6e;
const LETTER_T = 0x74;

/**
 * Returns a built-in scalar type whose JSON or ordering text differs from that of plain text. Undefined for other types.
 */
export function scalarType(typeOid: number): ValueType | undefined {
  return SCALARS.get(typeOid);
}

/** Text as a JSON string: for every type without a mapping of its own in the contract. */
export const TEXT_TYPE: ValueType = orderedBy(asItIs);

/** Creates a type whose JSON is a string with the value's text, and whose ordering text is another. */
export function orderedBy(ordering: OrderingText): ValueType {
  return {
    toJson: text => JSON.stringify(text),
    write: (json, bytes, start, end) => json.string(bytes, start, end),
    ordering,
  };
}

/** Types whose text form is JSON. */
const jsonAsItIs = (ordering: OrderingText): ValueType => ({
  toJson: text => text,
  write: (json, bytes, start, end) => json.raw(bytes, start, end),
  ordering,
});
const INTEGER = jsonAsItIs(asItIs);
const JSON_VALUE: ValueType = {
  ...jsonAsItIs(jsonText),
  jsonNulls: {
    // json keeps the whitespace around a value.
    mayBeIn: (bytes, start) => bytes[start] === LETTER_N || (bytes[start] as number) <= SPACE,
    find: text => (text.trim() === 'null' ? [''] : []),
  },
};

/** A JSON number, except that NaN, Infinity and -Infinity, which end in a letter, are strings. */
const FLOAT: ValueType = {
  toJson: text => (isDigit(text.charCodeAt(text.length - 1)) ? text : JSON.stringify(text)),
  write: (json, bytes, start, end) =>
    isDigit(bytes[end - 1]) ? json.raw(bytes, start, end) : json.string(bytes, start, end),
  ordering: decimalText,
};

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

const BOOLEAN: ValueType = {
  toJson: text => (text === 't' ? 'true' : 'false'),
  write: (json, bytes, start) => json.raw(bytes[start] === LETTER_T ? TRUE : FALSE),
  ordering: booleanText,
};

const dateTime = (zone: '' | 'Z'): ValueType => ({
  toJson: text => dateTimeToJson(text, zone),
  write: (json, bytes, start, end) => writeDateTime(json, { bytes, start, end, zone }),
  ordering: text => dateTimeText(dateTimeToJson(text, zone)),
});

const SCALARS: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [BOOL, BOOLEAN],
  [BYTEA, typeFromBytes(writeBytea, text => textWith(writeBytea)(text).slice(1, -1))],
  [INT2, INTEGER],
  [INT4, INTEGER],
  [FLOAT4, FLOAT],
  [FLOAT8, FLOAT],
  [JSON_TYPE, JSON_VALUE],
  [JSONB, JSON_VALUE],
  [DATE, typeFromText(dateToJson, text => dateTimeText(dateToJson(text)))],
  [TIMESTAMP, dateTime('')],
  [TIMESTAMPTZ, dateTime('Z')],
  // int8 and numeric are JSON strings: a double would lose digits
  [NUMERIC, orderedBy(decimalText)],
  [BPCHAR, orderedBy(withoutTrailingBlanks)],
  [INTERVAL, orderedBy(intervalText)],
  [INET, orderedBy(addressText)],
  [CIDR, orderedBy(addressText)],
]);

/** First OID of objects created after initdb. Every type with a lower OID is built in. */
const FIRST_NORMAL_OID = 16_384;

/** True for types that need no look at the catalog. Arrays and domains need one. */
export function isPlainScalar(typeOid: number): boolean {
  return SCALARS.has(typeOid) || (typeOid < FIRST_NORMAL_OID && PLAIN_TEXT.has(typeOid));
}

/** char, name, int8, text, oid, macaddr, varchar, time, timetz, uuid: the types of most columns. */
const PLAIN_TEXT: ReadonlySet<number> = new Set([18, 19, 20, 25, 26, 829, 1043, 1083, 1266, 2950]);

function isDigit(character: number | undefined): boolean {
  return character !== undefined && character >= 0x30 && character <= 0x39;
}

function dateToJson(text: string): string {
  return dateTimeToJson(text, '');
}
