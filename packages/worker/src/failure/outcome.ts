import { isSqlstate } from '@walmq/change';

/**
 * `retry`: passes by itself, try again later. `give-up`: fails the same way every time. `drop`: nothing to
 * do, the change is completed.
 */
export type Outcome = 'retry' | 'give-up' | 'drop';

/** Codes that decide by themselves. Every other code is retried, up to the limit of attempts. */
const CODES: ReadonlyMap<string, Outcome> = new Map<string, Outcome>([
  ['HANDLER_DROPPED', 'drop'],
  ['HANDLER_GAVE_UP', 'give-up'],
  ['ONCE_TWICE', 'give-up'],
  ['BATCH_CHANGE_UNKNOWN', 'give-up'],
  ['BATCH_RESULTS', 'give-up'],
  ['EFFECT_TWICE', 'give-up'],
  ['RESULT_NOT_JSON', 'give-up'],
  // Node: mistakes of the program, which no retry corrects.
  ['ERR_INVALID_ARG_TYPE', 'give-up'],
  ['ERR_INVALID_ARG_VALUE', 'give-up'],
  ['ERR_INVALID_URL', 'give-up'],
  // Nodemailer, before it contacted the server: no usable address, no usable message.
  ['EENVELOPE', 'give-up'],
  ['EMESSAGE', 'give-up'],
]);

/**
 * SQLSTATE classes that no retry helps against. The others (connection 08, rolled back 40, resources 53,
 * object state 55, intervention 57, system 58, login 28, read-only 25, ...) pass by themselves or when the
 * operator acts. https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const LASTING_SQLSTATE_CLASSES: ReadonlyMap<string, string> = new Map([
  ['0A', 'feature not supported'],
  ['21', 'cardinality violation'],
  ['22', 'data exception'],
  ['23', 'integrity constraint violation'],
  ['3F', 'invalid schema name'],
  ['42', 'syntax error, undefined object, insufficient privilege'],
  ['44', 'WITH CHECK OPTION violation'],
  ['54', 'program limit exceeded'],
]);

/**
 * "cached plan must not change result type" is 0A000 too, but passes: the table was altered under a prepared
 * statement.
 */
const STALE_PLAN_ROUTINE = 'RevalidateCachedQuery';

/**
 * Nodemailer's codes for replies about the session (greeting, TLS, login): the operator must act, and the
 * mail is not at fault.
 */
const SMTP_SESSION_CODES: ReadonlySet<unknown> = new Set([
  'EAUTH',
  'ECONNECTION',
  'EPROTOCOL',
  'ESOCKET',
  'ETLS',
]);

/**
 * The 4xx that are retried: credentials (401, 407), which the operator corrects; time-out, locked, too early,
 * too many.
 */
const PASSING_HTTP_STATUSES: ReadonlySet<number> = new Set([401, 407, 408, 423, 425, 429]);

/** Causes may be circular. */
const CAUSES_FOLLOWED = 5;

/**
 * The fields in which PostgreSQL's driver, nodemailer, HTTP clients and validators describe their failures.
 */
interface Told {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly routine?: unknown;
  readonly cause?: unknown;
  readonly responseCode?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly status?: unknown } | null;
}

/**
 * Decides by the error's codes only, never by its message. For an error without codes (a query builder's
 * wrapper), by the codes of its cause.
 */
export function outcomeOf(error: unknown): Outcome {
  let told = Object(error) as Told;
  for (let depth = 0; depth < CAUSES_FOLLOWED; depth++) {
    const outcome = outcomeTold(told);
    if (outcome !== undefined) return outcome;
    if (told.cause === undefined || told.cause === null) break;
    told = Object(told.cause) as Told;
  }
  return 'retry';
}

function outcomeTold(told: Told): Outcome | undefined {
  const { name, code, responseCode } = told;
  // Its cause decides whether the record can still be made.
  if (code === 'EFFECT_NOT_RECORDED') return undefined;
  // SMTP: 4xx is a temporary failure, 5xx a permanent one (RFC 5321, 4.2.1).
  if (typeof responseCode === 'number')
    return responseCode >= 500 && !SMTP_SESSION_CODES.has(code) ? 'give-up' : 'retry';
  if (name === 'ZodError' || name === 'UnrecoverableError') return 'give-up';
  const decided = typeof code === 'string' ? CODES.get(code) : undefined;
  if (decided) return decided;
  const status = httpStatusOf(told);
  if (status !== undefined)
    return status >= 400 && status < 500 && !PASSING_HTTP_STATUSES.has(status) ? 'give-up' : 'retry';
  if (typeof code !== 'string') return undefined;
  return isSqlstate(code) ? outcomeOfSqlState(code, told.routine) : 'retry';
}

function outcomeOfSqlState(code: string, routine: unknown): Outcome {
  if (routine === STALE_PLAN_ROUTINE) return 'retry';
  return LASTING_SQLSTATE_CLASSES.has(code.slice(0, 2)) ? 'give-up' : 'retry';
}

/** The fields of HTTP clients: `status`, `statusCode`, or `response.status`. */
function httpStatusOf({ status, statusCode, response }: Told): number | undefined {
  return [status, statusCode, response?.status].find(
    (value): value is number => typeof value === 'number' && value >= 100 && value < 600,
  );
}
