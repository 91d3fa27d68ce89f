import { WalmqError } from '@walmq/change';

/** `retry`: passes by itself, try again later. `give-up`: will fail the same way every time. */
export type Outcome = 'retry' | 'give-up';

/** To be thrown by a handler that knows its change can never be processed; the message is what Bull Board shows. */
export function giveUp(message: string): WalmqError {
  return new WalmqError('HANDLER_GAVE_UP', message);
}

const GIVE_UP_CODES: ReadonlySet<string> = new Set([
  'HANDLER_GAVE_UP',
  'ONCE_TWICE',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_URL',
]);

/**
 * SQLSTATE classes that no retry mends: data exception, constraint violation, wrong object or syntax, missing
 * feature. The others (connection 08, conflict 40, resources 53, intervention 57, ...) pass.
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
  if (typeof responseCode === 'number') return responseCode >= 500 ? 'give-up' : 'retry';
  if (name === 'ZodError' || name === 'UnrecoverableError') return 'give-up';
  if (typeof code !== 'string') return 'retry';
  return GIVE_UP_CODES.has(code) || GIVE_UP_SQLSTATE.test(code) ? 'give-up' : 'retry';
}
