import { decimalText } from '@walmq/change';

/**
 * Returns the ordering text of a value: changes with the same ordering text are processed in order. All spellings of a
 * value have one text, whichever type of its family the column has. Two texts for one value would break the order of a
 * row. One text for two values only makes one change wait for the other. So an inexact function must prefer one text
 * for two values.
 */
export type OrderingText = (text: string) => string;

/** For values whose texts are equal exactly if the values are: text, varchar, name, uuid, enums, integers. */
export const asItIs: OrderingText = text => text;

/** For char(n): trailing blanks are insignificant, and the conversion to varchar removes them. */
export const withoutTrailingBlanks: OrderingText = text => text.replace(/ +$/, '');

/** As in the JSON of the change, so that the text stays the same when a column becomes boolean or text. */
export const booleanText: OrderingText = text => (text === 't' ? 'true' : 'false');

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** jsonb compares numbers by value but keeps their spelling, so each number gets its one decimal text. */
export const jsonText: OrderingText = text =>
  text.replace(STRING_OR_NUMBER, token => (token.startsWith('"') ? token : decimalText(token)));

/** Takes the JSON of a date or a timestamp. A date, its midnight, and its midnight in UTC have one text. */
export function dateTimeText(json: string): string {
  return json
    .slice(1, -1)
    .replace(/Z$/, '')
    .replace(/T00:00:00$/, '');
}

/** citext compares by lower(), whose result depends on the locale. This function folds everything that any locale folds. */
export const foldedText: OrderingText = text =>
  text.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().replaceAll('\u0307', '');

/**
 * Only PostgreSQL knows which texts of a nondeterministic collation are equal, so all of them get the same ordering text.
 */
export const anyText: OrderingText = () => '';

/** The address of a single host is the same with and without its netmask. cidr writes the netmask, inet does not. */
export const addressText: OrderingText = text => text.replace(/^([\d.]+)\/32$|^([^.]+)\/128$/, '$1$2');

const INTERVAL =
  /^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,6}))?S)?)?$/;

/** Microseconds of an ISO 8601 interval, as PostgreSQL compares intervals: a month has 30 days, a day 24 hours. */
export function intervalText(text: string): string {
  const match = INTERVAL.exec(text);
  if (!match) return text;
  const part = (index: number) => BigInt(match[index] ?? 0);
  const days = (part(1) * 12n + part(2)) * 30n + part(3);
  const seconds = part(7) * 1_000_000n + BigInt((match[8] ?? '').padEnd(6, '0'));
  const minutes = (days * 24n + part(4)) * 60n + part(5);
  return String(minutes * 60_000_000n + (match[6] ? -seconds : seconds));
}
