import { inspect } from 'node:util';
import { CodedError } from '@walmq/change';
import { redact } from './log/redact.js';

/** Any thrown value in one sentence, without passwords. */
export function sentenceOf(error: unknown): string {
  if (error instanceof CodedError) return redact(error.sentence);
  if (error instanceof AggregateError && error.message === '') return error.errors.map(sentenceOf).join('; ');
  const text = error instanceof Error ? error.message : error;
  // JavaScript can throw any value, and a message can be any value.
  return redact(typeof text === 'string' ? text : inspect(text, { depth: 1, breakLength: Infinity }));
}
