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

/** Turns one value's text form into JSON text. */
export type ToJson = (text: string) => string;

/** How the values of a type become JSON: from a string, or straight from the bytes PostgreSQL sent. Both say the same. */
export interface ValueType {
  readonly toJson: ToJson;
  /** Writes bytes [start, end). */
  readonly write: (json: JsonSink, bytes: Buffer, start: number, end: number) => void;
  /** By which text the value takes part in an ordering key. */
  readonly ordering: OrderingText;
  /** Of JSON, and of arrays of it. */
  readonly jsonNulls?: JsonNulls;
}

/** Finds JSON's own null, which is written as SQL's NULL is. */
export interface JsonNulls {
  /** False of a value, by its first byte, that holds none: most are not worth a string of their own. */
  readonly mayBeIn: (bytes: Buffer, start: number) => boolean;
  /** Where it stands: `''` is the value itself, `'[2]'` an element of an array, from 0. */
  readonly find: (text: string) => readonly string[];
}

/** A type that is read by way of a string. */
export function typeFromText(toJson: ToJson, ordering: OrderingText): ValueType {
  return {
    toJson,
    ordering,
    write: (json, bytes, start, end) => json.text(toJson(bytes.toString('utf8', start, end))),
  };
}

/** A type that is read from the bytes that PostgreSQL sent, a string's too. */
export function typeFromBytes(write: ValueType['write'], ordering: OrderingText): ValueType {
  return { write, ordering, toJson: textWith(write) };
}

/** The same of a string. */
export function textWith(write: ValueType['write']): ToJson {
  return text => {
    const bytes = Buffer.from(text);
    const json = new JsonWriter();
    write(json, bytes, 0, bytes.length);
    return json.take();
  };
}

/** Type OIDs of pg_type.dat that the contract maps to something else than a string. */
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

/** Of a scalar type of PostgreSQL's own; undefined for types only the catalog knows. */
export function scalarType(typeOid: number): ValueType | undefined {
  return SCALARS.get(typeOid);
}

/** Text, as a JSON string: whatever the contract does not map otherwise. */
export const TEXT_TYPE: ValueType = orderedBy(asItIs);

/** A type that is text in JSON, and is put in order by another text. */
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
    // json keeps the blanks around it.
    mayBeIn: (bytes, start) => bytes[start] === LETTER_N || (bytes[start] as number) <= SPACE,
    find: text => (text.trim() === 'null' ? [''] : []),
  },
};

/** As it is, but for NaN, Infinity and -Infinity, which end in a letter. */
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
  // int8 and numeric stay texts: a double would lose digits
  [NUMERIC, orderedBy(decimalText)],
  [BPCHAR, orderedBy(withoutTrailingBlanks)],
  [INTERVAL, orderedBy(intervalText)],
  [INET, orderedBy(addressText)],
  [CIDR, orderedBy(addressText)],
]);

/** The first OID of objects made after initdb; every type below it is PostgreSQL's own. */
const FIRST_NORMAL_OID = 16_384;

/** True for types that need no look at the catalog: not arrays, not domains. */
export function isPlainScalar(typeOid: number): boolean {
  return SCALARS.has(typeOid) || (typeOid < FIRST_NORMAL_OID && PLAIN_TEXT.has(typeOid));
}

/** char, name, int8, text, oid, macaddr, varchar, time, timetz, uuid: most columns there are. */
const PLAIN_TEXT: ReadonlySet<number> = new Set([18, 19, 20, 25, 26, 829, 1043, 1083, 1266, 2950]);

function isDigit(character: number | undefined): boolean {
  return character !== undefined && character >= 0x30 && character <= 0x39;
}

function dateToJson(text: string): string {
  return dateTimeToJson(text, '');
}
