import type { Json } from './change.js';
import { decimalText } from './decimal.js';
import { longNumbers } from './json-text.js';

/** A number in JSON text that a double cannot hold, so that JSON.parse returns another number. */
export interface InexactNumber {
  readonly text: string;
  /** Index of its first character in the JSON text. */
  readonly at: number;
}

/**
 * Finds the numbers that JSON.parse would change. jsonb holds numbers of any size with any number of digits, but a double
 * does not: `1e400` becomes Infinity, and a 17th digit is lost.
 */
export function inexactNumbers(json: string): InexactNumber[] {
  return [...longNumbers(json)].filter(({ text }) => decimalText(text) !== decimalText(String(Number(text))));
}

/** Replaces inexact numbers in the text by other JSON. */
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
 * Like JSON.parse, but returns a number that a double cannot hold as a string with all its digits, like numeric columns.
 * Use it for a job's text: the result of the kit's `json()`, or the field `data` of the job's hash.
 */
export function parseExactJson(json: string): Json {
  return JSON.parse(replaceInexact(json, inexactNumbers(json), text => JSON.stringify(text))) as Json;
}
