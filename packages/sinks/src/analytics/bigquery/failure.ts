import { WalmqError } from '@walmq/change';
import { giveUp, postpone } from '@walmq/worker';

/** What the client and Google's library for credentials tell of a failure. Their messages may quote rows. */
interface Told {
  /** ApiError: the status. Errors of the system: a word. */
  readonly code?: unknown;
  readonly errors?: readonly { readonly reason?: unknown }[];
  readonly response?: {
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly data?: { readonly error?: unknown };
  };
  /** Of the library for credentials. */
  readonly status?: unknown;
}

/** Reasons of https://cloud.google.com/bigquery/docs/error-messages that ask to come later. */
const LATER: ReadonlySet<string> = new Set([
  'rateLimitExceeded',
  'quotaExceeded',
  'jobRateLimitExceeded',
  'backendError',
]);

/** Without a Retry-After. */
const DELAY = { firstMs: 2000, maxMs: 60_000 };

/** A request that BigQuery did not take as a whole. */
export function bigqueryFailure(error: unknown, table: string): WalmqError {
  if (error instanceof WalmqError) return error;
  const { code, status, errors = [], response } = Object(error) as Told;
  if (typeof status === 'number') return credentialsFailure(error);
  if (typeof code !== 'number') {
    const reason =
      typeof code === 'string' && /^[A-Z_]+$/.test(code) ? code : 'no answer of BigQuery in time';
    return forAll(new WalmqError('SINK_UNREACHABLE', `BigQuery cannot be reached: ${reason}.`));
  }
  const reason = wordOf(errors[0]?.reason);
  const told = reason === undefined ? `status ${code}` : `${reason} (${code})`;
  if (code === 429 || code === 503 || (code === 403 && LATER.has(reason ?? '')))
    return postpone(`BigQuery asks to come later: ${told}.`, retryAfterMs(response?.headers) ?? DELAY);
  if (code === 401 || code === 403)
    return forAll(
      new WalmqError('SINK_CREDENTIALS', `BigQuery does not let these credentials write: ${told}.`, {
        remedy:
          'Give their account the role roles/bigquery.dataEditor on the dataset, and enable billing of the project.',
      }),
    );
  if (code === 404)
    return forAll(
      new WalmqError('SINK_FAILED', `BigQuery has no table ${table} yet: ${told}.`, {
        remedy: 'Create it; BigQuery takes rows for a new table only after some minutes.',
      }),
    );
  if (code >= 400 && code < 500 && code !== 408)
    return giveUp(`BigQuery does not take such facts for ${table}: ${told}.`, {
      remedy: 'Compare the projection with the table, then retry the change.',
    });
  return forAll(new WalmqError('SINK_FAILED', `BigQuery did not take the facts: ${told}.`));
}

/** Google's library found no credentials, could not read them, or Google refused them. */
export function credentialsFailure(error: unknown): WalmqError {
  const { code, status, response } = Object(error) as Told;
  const refused = wordOf(response?.data?.error);
  if (typeof status === 'number' && status >= 500)
    return forAll(new WalmqError('SINK_UNREACHABLE', `Google did not give a token: status ${status}.`));
  if (typeof code === 'string' && /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT)/.test(code))
    return forAll(new WalmqError('SINK_UNREACHABLE', `Google did not give a token: ${code}.`));
  const what =
    code === 'ENOENT'
      ? 'the file with the credentials does not exist'
      : typeof status === 'number'
        ? `Google refused the credentials: ${refused ?? `status ${status}`}`
        : 'the credentials for BigQuery are missing or cannot be read';
  return forAll(
    new WalmqError('SINK_CREDENTIALS', `${what}.`, {
      remedy:
        'Set GOOGLE_APPLICATION_CREDENTIALS or keyFilename to the key file of a service account, or run "gcloud auth application-default login".',
    }),
  );
}

/** One of `insertErrors`: what BigQuery says of one row of a request that it answered. */
export interface InsertError {
  readonly index?: number;
  readonly errors?: readonly { readonly reason?: unknown; readonly location?: unknown }[];
}

/** The rows that BigQuery did not write; `invalid`: it never will. */
export function refusalOf(insertErrors: readonly InsertError[]): {
  readonly invalid: readonly { readonly index: number; readonly field: string | undefined }[];
  readonly again: readonly number[];
} {
  const invalid = [];
  const again = [];
  for (const { index = 0, errors = [] } of insertErrors) {
    const wrong = errors.find(({ reason }) => reason === 'invalid' || reason === 'invalidQuery');
    if (wrong) invalid.push({ index, field: wordOf(wrong.location) });
    else again.push(index);
  }
  return { invalid, again };
}

/** No row of the batch is at fault: it is not split to find one. */
function forAll(error: WalmqError): WalmqError {
  return Object.assign(error, { wholeBatch: true });
}

/** Seconds: Google sends no dates. */
function retryAfterMs(headers: Readonly<Record<string, unknown>> = {}): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.max(seconds, 0) * 1000 : undefined;
}

/** The name of a reason or of a column, and nothing that could be a value. */
function wordOf(told: unknown): string | undefined {
  return typeof told === 'string' && /^[\p{L}_][\p{L}\p{N}_.[\]]{0,299}$/u.test(told) ? told : undefined;
}
