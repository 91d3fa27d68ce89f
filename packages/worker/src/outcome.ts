import { WalmqError } from '@walmq/change';

/** `retry`: passes by itself, try again later. `give-up`: will fail the same way every time. */
export type Outcome = 'retry' | 'give-up';

/** To be thrown by a handler that knows its change can never be processed; the message is what Bull Board shows. */
export function giveUp(message: string, detail: { readonly remedy?: string } = {}): WalmqError {
  return new WalmqError('HANDLER_GAVE_UP', message, detail);
}

/**
 * To be thrown by a handler whose other side said when to come again (429 with Retry-After): the change is tried again
 * after that long, and no attempt is lost.
 */
export function postpone(message: string, retryAfterMs: number): WalmqError & { retryAfterMs: number } {
  return Object.assign(new WalmqError('HANDLER_POSTPONED', message), { retryAfterMs });
}

/** How long the other side asked to be left alone; undefined: it did not. */
export function retryAfterMsOf(error: unknown): number | undefined {
  const { retryAfterMs } = Object(error) as { retryAfterMs?: unknown };
  return typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
}

const GIVE_UP_CODES: ReadonlySet<string> = new Set([
  'HANDLER_GAVE_UP',
  'ONCE_TWICE',
  // Node: wrong by the program, not by the moment.
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_URL',
  // Nodemailer, before it asked the server: no usable address, no usable message.
  'EENVELOPE',
  'EMESSAGE',
]);

/** Nodemailer's codes for a reply about the session (greeting, TLS, login): the operator mends it, no mail is at fault. */
const SMTP_SESSION_CODES: ReadonlySet<unknown> = new Set([
  'EAUTH',
  'ECONNECTION',
  'EPROTOCOL',
  'ESOCKET',
  'ETLS',
]);

/**
 * SQLSTATE classes that no retry mends: missing feature, data exception, constraint violation, wrong object or
 * syntax. The others (connection 08, conflict 40, resources 53, intervention 57, ...) pass.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const GIVE_UP_SQLSTATE = /^(0A|22|23|42)[0-9A-Z]{3}$/;

/** Decides by the error's codes alone, never by its message. */
export function outcomeOf(error: unknown): Outcome {
  const { code, responseCode, name } = Object(error) as {
    code?: unknown;
    responseCode?: unknown;
    name?: unknown;
  };
  // SMTP: 4xx is a passing failure, 5xx a permanent one (RFC 5321, 4.2.1).
  if (typeof responseCode === 'number')
    return responseCode >= 500 && !SMTP_SESSION_CODES.has(code) ? 'give-up' : 'retry';
  if (name === 'ZodError' || name === 'UnrecoverableError') return 'give-up';
  if (typeof code !== 'string') return 'retry';
  return GIVE_UP_CODES.has(code) || GIVE_UP_SQLSTATE.test(code) ? 'give-up' : 'retry';
}

/** What becomes of a job whose handler failed. */
export type Verdict =
  /** The process is stopping: another one takes the job, and no attempt is lost. */
  | 'handed-back'
  /** Again, when the other side asked for it; no attempt is lost. */
  | 'postponed'
  /** Again, after the queue's backoff. */
  | 'retried'
  /** For good: out of attempts, or not worth another. */
  | 'failed';

export function verdictOf(failure: {
  readonly error: unknown;
  /** This try's number, from 1. */
  readonly attempt: number;
  readonly attempts: number;
  readonly stopping: boolean;
}): Verdict {
  if (outcomeOf(failure.error) === 'give-up') return 'failed';
  if (failure.stopping) return 'handed-back';
  if (retryAfterMsOf(failure.error) !== undefined) return 'postponed';
  return failure.attempt < failure.attempts ? 'retried' : 'failed';
}
