import type { JsonSink } from './json-writer.js';

const DATE_TIME = /^(\d{4,})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:[+-]\d\d(?::?\d\d)?)?)?( BC)?$/;

/**
 * Converts `2026-11-22 10:00:00.5+00` to `"2026-11-22T10:00:00.5Z"`. Years of more than four digits and years before Christ
 * get the expanded form of ISO 8601 (`+012026-...`, `-000043-...`: 44 BC is year -43). `infinity` and `-infinity` become
 * JSON strings.
 */
export function dateTimeToJson(text: string, zone: '' | 'Z'): string {
  const match = DATE_TIME.exec(text);
  if (!match) return JSON.stringify(text);
  const [, yearText, monthDay, time, bc] = match;
  const year = bc ? 1 - Number(yearText) : Number(yearText);
  const date = `${isoYear(year)}-${monthDay}`;
  return time === undefined ? `"${date}"` : `"${date}T${time}${zone}"`;
}

function isoYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

/** Bytes [start, end) of a timestamp in PostgreSQL's text form: DateStyle ISO, with TimeZone UTC for timestamptz. */
interface DateTimeBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly zone: '' | 'Z';
}

const QUOTE = 0x22;
const PLUS = 0x2b;
const DASH = 0x2d;
const ZERO = 0x30;
const SPACE = 0x20;
const LETTER_C = 0x43;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const DATE_LENGTH = '2026-11-22'.length;
const PLAIN_LENGTH = '2026-11-22 10:00:00'.length;
const UTC_LENGTH = '+00'.length;

/** Writes the same JSON as dateTimeToJson. Copies the bytes of a plain timestamp without a string. */
export function writeDateTime(json: JsonSink, dateTime: DateTimeBytes): void {
  const { bytes, start, end, zone } = dateTime;
  const timeEnd = zone ? end - UTC_LENGTH : end;
  if (!isPlain(dateTime, timeEnd)) {
    json.text(dateTimeToJson(bytes.toString('utf8', start, end), zone));
    return;
  }
  json.byte(QUOTE);
  json.raw(bytes, start, start + DATE_LENGTH);
  json.byte(LETTER_T);
  json.raw(bytes, start + DATE_LENGTH + 1, timeEnd);
  if (zone) json.byte(LETTER_Z);
  json.byte(QUOTE);
}

/** True for a year of four digits after Christ, and the offset +00 if there is a zone. */
function isPlain({ bytes, start, end, zone }: DateTimeBytes, timeEnd: number): boolean {
  if (timeEnd - start < PLAIN_LENGTH || bytes[end - 1] === LETTER_C) return false;
  if (bytes[start + 4] !== DASH || bytes[start + DATE_LENGTH] !== SPACE) return false;
  return (
    zone === '' || (bytes[timeEnd] === PLUS && bytes[timeEnd + 1] === ZERO && bytes[timeEnd + 2] === ZERO)
  );
}
