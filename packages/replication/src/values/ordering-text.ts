import { decimalText } from '@walmq/change';

/**
 * The text by which PostgreSQL's values are compared when changes are put in order: one text for all spellings of a
 * value, whatever type of its family the column has. Two texts for one value would break the order of a row; one text
 * for two values only makes one wait for the other. So where it cannot be exact, it errs towards one text.
 */
export type OrderingText = (text: string) => string;

/** Texts that PostgreSQL compares byte by byte: text, varchar, name, uuid, enums, integers. */
export const asItIs: OrderingText = text => text;

/** char(n): the blanks at its end do not count, and a varchar made of it has lost them. */
export const withoutTrailingBlanks: OrderingText = text => text.replace(/ +$/, '');

/** How the JSON of the change has it, so that a column that becomes boolean or text stays the same. */
export const booleanText: OrderingText = text => (text === 't' ? 'true' : 'false');

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** jsonb compares numbers by value, and keeps how they were spelt. */
export const jsonText: OrderingText = text =>
  text.replace(STRING_OR_NUMBER, token => (token.startsWith('"') ? token : decimalText(token)));

/** Of the JSON of a date or a time stamp: a date, its midnight, and midnight in UTC are one. */
export function dateTimeText(json: string): string {
  return json
    .slice(1, -1)
    .replace(/Z$/, '')
    .replace(/T00:00:00$/, '');
}

/** citext compares by lower(), whose locale decides what that is: this folds all that any of them does. */
export const foldedText: OrderingText = text =>
  text.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().replaceAll('\u0307', '');

/** Of a collation by which texts that differ may be equal. Which are, only PostgreSQL can say: so all of them are. */
export const anyText: OrderingText = () => '';

/** An address that is a whole host is the same with and without its netmask, which cidr writes and inet does not. */
export const addressText: OrderingText = text => text.replace(/^([\d.]+)\/32$|^([^.]+)\/128$/, '$1$2');

const INTERVAL =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;

/** Microseconds of an ISO 8601 interval as PostgreSQL compares it: a month has 30 days, a day 24 hours. */
export function intervalText(text: string): string {
  const match = INTERVAL.exec(text);
  if (!match) return text;
  const part = (index: number) => BigInt(match[index] ?? 0);
  const days = (part(1) * 12n + part(2)) * 30n + part(3);
  const seconds = part(7) * 1_000_000n + BigInt((match[8] ?? '').padEnd(6, '0'));
  const minutes = (days * 24n + part(4)) * 60n + part(5);
  return String(minutes * 60_000_000n + (match[6] ? -seconds : seconds));
}
