import { CodedError, messageOf, WalmqError } from '@walmq/change';
import { redact } from '@walmq/runtime';
import type { Pool, PoolClient } from 'pg';

/** A connection of pg or a pool. */
export type LogDatabase = Pick<Pool | PoolClient, 'query'>;

/** Where an action comes from. */
export const VIAS = ['cli', 'dashboard', 'bull-board'] as const;
export type Via = (typeof VIAS)[number];

/** Who acts. */
export interface Operator {
  readonly who: string;
  readonly via: Via;
  /** What the operator gave as the reason. */
  readonly reason?: string | undefined;
}

/** What an operator is about to do. */
export interface Intent {
  /** A verb: `replay`, `pause-key`. */
  readonly action: string;
  readonly queue?: string | undefined;
  /** Ids of the changes, or of jobs that are no changes. The log keeps the first thousand. */
  readonly changeIds?: readonly string[];
  readonly table?: string | undefined;
  /** The key's JSON text. */
  readonly key?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  /** JSON texts of a corrected change, before and after. */
  readonly original?: string;
  readonly corrected?: string;
}

/** More ids would make one entry as large as the failures that it replays; `details.changes` has their number. */
const MOST_IDS = 1000;

/** The operators' log: who did what, when, and how it ended. */
export class OperatorLog {
  readonly #database: LogDatabase | Error;
  readonly #onUnnoted: (sentence: string) => void;

  /**
   * `database`: an Error says why there is none. `onUnnoted` gets a sentence if an action was done and its outcome could not be
   * written: its entry stays `begun`.
   */
  constructor(
    database: LogDatabase | Error,
    { onUnnoted }: { readonly onUnnoted: (sentence: string) => void },
  ) {
    this.#database = database;
    this.#onUnnoted = onUnnoted;
  }

  /**
   * Writes the intent, acts, writes the outcome. In this order, so that a process that dies midway leaves an entry without an
   * outcome, and nothing is done unlogged. Rejects with OPERATOR_LOG_UNAVAILABLE before acting, or with the error of `act`.
   * `resultOf`: the outcome as a sentence.
   */
  async run<T>(
    operator: Operator,
    intent: Intent,
    act: (entry: { readonly id: string }) => Promise<T>,
    resultOf: (result: T) => string,
  ): Promise<T> {
    const id = await this.begin(operator, intent);
    try {
      const result = await act({ id });
      await this.end(id, 'done', resultOf(result));
      return result;
    } catch (error) {
      await this.end(id, 'failed', error instanceof CodedError ? error.sentence : messageOf(error));
      throw error;
    }
  }

  /** Writes the intent, for an action that this class cannot call. Rejects with OPERATOR_LOG_UNAVAILABLE. */
  async begin({ who, via, reason }: Operator, intent: Intent): Promise<string> {
    const { action, queue, changeIds = [], table, key, details = {}, original, corrected } = intent;
    const some = changeIds.length > 0 ? { changes: changeIds.length } : undefined;
    try {
      if (this.#database instanceof Error) throw this.#database;
      const { rows } = await this.#database.query<{ id: string }>(
        `INSERT INTO walmq.operator_log (who, via, action, queue, change_ids, table_name, key, reason, details, original, corrected)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id::text AS id`,
        [
          storable(who),
          via,
          action,
          storable(queue),
          changeIds.slice(0, MOST_IDS),
          storable(table),
          storable(key),
          storable(reason),
          JSON.stringify({ ...some, ...details }).replaceAll('\\u0000', ''),
          original,
          corrected,
        ],
      );
      return (rows[0] as { id: string }).id;
    } catch (cause) {
      throw logUnavailable(cause);
    }
  }

  /** Writes the outcome of an entry that `begin` has made. Never rejects. */
  async end(id: string, outcome: 'done' | 'failed', result: string): Promise<void> {
    try {
      if (this.#database instanceof Error) throw this.#database;
      await this.#database.query(
        'UPDATE walmq.operator_log SET ended_at = now(), outcome = $2, result = $3 WHERE id = $1',
        [id, outcome, storable(redact(result))],
      );
    } catch (error) {
      this.#onUnnoted(
        `The outcome of entry ${id} could not be written to the operators' log, where it stays "begun": ${messageOf(error)}`,
      );
    }
  }
}

/** PostgreSQL's text holds no NUL. */
function storable(text: string | undefined): string | undefined {
  return text?.replaceAll('\0', '');
}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';
const UNDEFINED_SCHEMA = '3F000';
const PRIVILEGE = '42501';

/** The error of a log that cannot be read or written. */
export function logUnavailable(cause: unknown): WalmqError {
  const { code } = cause as { readonly code?: string };
  const message = redact(messageOf(cause));
  return new WalmqError(
    'OPERATOR_LOG_UNAVAILABLE',
    `the operators' log cannot be used, and no action goes unlogged: ${message}.`,
    { remedy: remedyOf(code), cause },
  );
}

function remedyOf(code: string | undefined): string {
  switch (code) {
    case UNDEFINED_TABLE:
    case UNDEFINED_COLUMN:
    case UNDEFINED_SCHEMA:
      return 'Make its table: npx walmq setup';
    case PRIVILEGE:
      return 'GRANT USAGE ON SCHEMA walmq TO <role>; GRANT SELECT, INSERT, UPDATE ON walmq.operator_log TO <role>;';
    default:
      return 'Set DATABASE_URL to the database that walmq reads, and try again when it answers.';
  }
}
