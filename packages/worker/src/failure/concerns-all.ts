import { retryAfterMsOf } from './thrown.js';

/**
 * SQLSTATEs about the connection or the server, whatever the statement: connection (08), login (28), resources (53),
 * shutdown (57P), system (58), a server that only reads.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SERVER_SQLSTATE = /^(?:08|28|53|58|57P|25006)/;

/** Of Node and its HTTP client: the other side cannot be reached. */
const UNREACHABLE = /^(?:ECONN|EPIPE$|ETIMEDOUT$|ENOTFOUND$|EAI_AGAIN$|EHOSTUNREACH$|ENETUNREACH$|UND_ERR_)/;

/** PostgreSQL cancelled the statement at the deadline; the handler's time was up. */
const OUT_OF_TIME: ReadonlySet<unknown> = new Set(['57014', 'HANDLER_DEADLINE']);

const CAUSES_FOLLOWED = 5;

/** Whether a failure says nothing of the changes: it would have met any others. A handler's error may say so itself. */
export function concernsAll(error: unknown): boolean {
  const { wholeBatch } = Object(error) as { wholeBatch?: unknown };
  return wholeBatch === true || retryAfterMsOf(error) !== undefined || chainOf(error).some(isAboutServer);
}

/** Whether one slow change may be all that is wrong. */
export function isOutOfTime(error: unknown): boolean {
  return chainOf(error).some(({ code }) => OUT_OF_TIME.has(code));
}

interface Told {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
}

function isAboutServer({ code, message, status, statusCode }: Told): boolean {
  if (typeof code === 'string') return SERVER_SQLSTATE.test(code) || UNREACHABLE.test(code);
  const http = status ?? statusCode;
  if (typeof http === 'number') return http >= 500;
  // The driver has no code for a connection that ended under a statement.
  return typeof message === 'string' && message.startsWith('Connection terminated');
}

function chainOf(error: unknown): Told[] {
  const chain: Told[] = [];
  for (let told = error; told !== undefined && told !== null && chain.length < CAUSES_FOLLOWED; )
    told = (chain[chain.push(Object(told) as Told) - 1] as { cause?: unknown }).cause;
  return chain;
}
