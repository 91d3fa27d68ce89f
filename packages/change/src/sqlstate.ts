/**
 * Whether an error's code is PostgreSQL's, of the server: five digits or capitals, in a class that never begins with E. Codes of
 * Node.js begin with E, and some have five letters too: EPIPE is a lost connection, not an answer of the server.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isSqlstate(code: unknown): code is string {
  return typeof code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(code);
}
