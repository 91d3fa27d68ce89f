import { createHash } from 'node:crypto';
import { WalmqError } from '@walmq/change';
import type { SearchQuery } from './query.js';

/**
 * Where a search goes on: after this job, in the order of its list. A job is named by its time and its id, so the place stays
 * the same while others come and go, and also when this job itself has gone.
 */
export interface SearchCursor {
  readonly ms: number;
  readonly id: string;
  readonly queue: string;
  /** Number of jobs that earlier requests of this search looked at. */
  readonly looked: number;
}

/** The cursor as a text for a URL or a command line. It holds no value of a row. */
export function writeCursor(query: SearchQuery, { ms, id, queue, looked }: SearchCursor): string {
  return Buffer.from(JSON.stringify([digestOf(query), ms, id, queue, looked])).toString('base64url');
}

/** Throws CURSOR_INVALID. */
export function readCursor(query: SearchQuery, text: string): SearchCursor {
  const [digest, ms, id, queue, looked] = listOf(text);
  if (
    typeof ms !== 'number' ||
    typeof id !== 'string' ||
    typeof queue !== 'string' ||
    typeof looked !== 'number'
  )
    throw invalid('the cursor is not one of walmq.');
  if (digest !== digestOf(query)) throw invalid('the cursor belongs to another search.');
  return { ms, id, queue, looked };
}

function listOf(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function invalid(sentence: string): WalmqError {
  return new WalmqError('CURSOR_INVALID', sentence, {
    remedy: 'Search again without it, or with the very conditions of the search that printed it.',
  });
}

function digestOf({ state, filter, queues }: SearchQuery): string {
  const plain = JSON.stringify([state, filter, queues], (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Set ? [...value] : value;
  });
  return createHash('sha256').update(plain).digest('hex').slice(0, 12);
}
