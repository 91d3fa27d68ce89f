import type { Json } from './change.js';
import { decimalText } from './decimal.js';
import { longNumbers } from './json-text.js';

/** A number in JSON text of which a double, and so JSON.parse, makes another one. */
export interface InexactNumber {
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

/** jsonb holds numbers of any size and any digits: `1e400` becomes Infinity, and a 17th digit is lost. */
export function inexactNumbers(json: string): InexactNumber[] {
  return [...longNumbers(json)].filter(({ text }) => decimalText(text) !== decimalText(String(Number(text))));
}

/** The text with other JSON in the place of such numbers. */
export function replaceInexact(
  json: string,
  numbers: readonly InexactNumber[],
  replacement: (text: string, index: number) => string,
): string {
  let replaced = '';
  let end = 0;
  for (const [index, { text, at }] of numbers.entries()) {
    replaced += json.slice(end, at) + replacement(text, index);
    end = at + text.length;
  }
  return replaced + json.slice(end);
}

/**
 * As JSON.parse, but a number that a double does not hold comes as a string with all its digits, as numeric columns do.
 * For a job's text: the kit's `json()`, or the field `data` of the job's hash.
 */
export function parseExactJson(json: string): Json {
  return JSON.parse(replaceInexact(json, inexactNumbers(json), text => JSON.stringify(text))) as Json;
}
