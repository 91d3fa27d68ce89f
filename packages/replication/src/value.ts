/** Turns one value's text form into JSON text. */
export type ToJson = (text: string) => string;

/** Type OIDs of pg_type.dat that the contract maps to something else than a string. */
const BOOL = 16;
const BYTEA = 17;
const INT2 = 21;
const INT4 = 23;
const JSON_TYPE = 114;
const FLOAT4 = 700;
const FLOAT8 = 701;
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const JSONB = 3802;

/**
 * GUCs that fix the text forms this file reads; set on the replication connection, since the walsender's own
 * settings decide how values are written.
 */
export const TEXT_FORM_SETTINGS =
  '-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=iso_8601 -c bytea_output=hex -c extra_float_digits=1';

/** Of a scalar type of PostgreSQL's own; undefined for types only the catalog knows. */
export function scalarToJson(typeOid: number): ToJson | undefined {
  return SCALARS.get(typeOid);
}

/** Text, as a JSON string: whatever the contract does not map otherwise. */
export function textToJson(text: string): string {
  return JSON.stringify(text);
}

const SCALARS: ReadonlyMap<number, ToJson> = new Map<number, ToJson>([
  [BOOL, text => (text === 't' ? 'true' : 'false')],
  [BYTEA, byteaToJson],
  [INT2, text => text],
  [INT4, text => text],
  [FLOAT4, floatToJson],
  [FLOAT8, floatToJson],
  [JSON_TYPE, text => text],
  [JSONB, text => text],
  [DATE, text => JSON.stringify(isoDateTime(text, ''))],
  [TIMESTAMP, text => JSON.stringify(isoDateTime(text, ''))],
  [TIMESTAMPTZ, text => JSON.stringify(isoDateTime(text, 'Z'))],
  // int8 and numeric stay texts: a double would lose digits
]);

/** The first OID of objects made after initdb; every type below it is PostgreSQL's own. */
const FIRST_NORMAL_OID = 16_384;

/** True for types that need no look at the catalog: not arrays, not domains. */
export function isPlainScalar(typeOid: number): boolean {
  return SCALARS.has(typeOid) || (typeOid < FIRST_NORMAL_OID && PLAIN_TEXT.has(typeOid));
}

/** char, name, int8, text, oid, bpchar, varchar, time, timetz, interval, numeric, uuid, inet, cidr, macaddr: most columns there are. */
const PLAIN_TEXT: ReadonlySet<number> = new Set([
  18, 19, 20, 25, 26, 650, 829, 869, 1042, 1043, 1083, 1186, 1266, 1700, 2950,
]);

function floatToJson(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0x30 && last <= 0x39 ? text : JSON.stringify(text); // NaN, Infinity, -Infinity
}

function byteaToJson(text: string): string {
  return `"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`;
}

const DATE_TIME = /^(\d{4,})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:[+-]\d\d(?::?\d\d)?)?)?( BC)?$/;

/**
 * `2026-11-22 10:00:00.5+00` to `2026-11-22T10:00:00.5Z`. Years beyond four digits and before Christ get ISO
 * 8601's expanded form (`+012026-...`, `-000043-...`: 44 BC is year -43). `infinity` and `-infinity` stay words.
 */
function isoDateTime(text: string, zone: string): string {
  const match = DATE_TIME.exec(text);
  if (!match) return text;
  const [, yearText, monthDay, time, bc] = match;
  const year = bc ? 1 - Number(yearText) : Number(yearText);
  const date = `${isoYear(year)}-${monthDay}`;
  return time === undefined ? date : `${date}T${time}${zone}`;
}

function isoYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}
