import { CodedError } from '@walmq/change';

const MAX_REASON_CHARACTERS = 1000;
const MAX_FRAMES = 10;
const CAUSES_FOLLOWED = 5;

/** An error of PostgreSQL in its driver's form. */
interface DatabaseError extends Error {
  readonly code: string;
  readonly severity: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/**
 * An error in one sentence, for the log and for Bull Board. Omits the row data that PostgreSQL quotes
 * (`detail`, the value that could not be read) and the parameters that query builders put into their
 * messages.
 */
export function reasonOf(error: Error & { readonly code?: unknown }): string {
  return sentenceOf(error).slice(0, MAX_REASON_CHARACTERS);
}

/** The reason and the stack's frames, without the messages of the error or of its causes. */
export function stackOf(error: Error): string {
  const frames = textOf(error.stack)
    .split('\n')
    .filter(line => /^\s+at /.test(line));
  return [`${textOf(error.name) || 'Error'}: ${reasonOf(error)}`, ...frames.slice(0, MAX_FRAMES)].join('\n');
}

function sentenceOf(error: Error & { readonly code?: unknown }, depth = 0): string {
  if (error instanceof CodedError) return error.sentence;
  const database = databaseErrorOf(error);
  if (database) return databaseSentence(database);
  if (error.name === 'ZodError' && 'issues' in error) return issuesSentence(error.issues as readonly Issue[]);
  // A query builder's wrapper: its message is the statement with its parameters.
  if ('params' in error && error.cause instanceof Error && depth < CAUSES_FOLLOWED)
    return sentenceOf(error.cause, depth + 1);
  // A refused connection to two addresses has a code and no message.
  return textOf(error.message) || textOf(error.code) || textOf(error.name) || 'an error that says nothing';
}

/** Fields of a library's error may hold any type. */
function textOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : '';
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `email: Invalid email address; items.0.price: Invalid input`; zod's own message is JSON. */
function issuesSentence(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'the value'}: ${message}`).join('; ');
}

function databaseErrorOf(error: unknown): DatabaseError | undefined {
  let current = error;
  for (let depth = 0; depth < CAUSES_FOLLOWED; depth++) {
    if (!(current instanceof Error)) return undefined;
    const { code, severity } = current as Partial<DatabaseError>;
    if (typeof code === 'string' && typeof severity === 'string') return current as DatabaseError;
    current = current.cause;
  }
  return undefined;
}

/** `23505: duplicate key value violates unique constraint (table orders, constraint orders_pkey)` */
function databaseSentence({ code, message, schema, table, column, constraint }: DatabaseError): string {
  // `invalid input syntax for type integer: "..."`: the value ends the message, or the domain's type stands
  // before it.
  const withoutValue = textOf(message)
    .replace(/: ".*$/s, '')
    .replace(/^(value) ".*" (is out of range)/s, '$1 $2');
  const places = Object.entries({
    schema: schema === 'public' ? undefined : schema,
    table,
    column,
    constraint,
  })
    .filter(([name, place]) => place !== undefined && !withoutValue.includes(`${name} "${place}"`))
    .map(([name, place]) => `${name} ${place}`);
  return `${code}: ${withoutValue}${places.length > 0 ? ` (${places.join(', ')})` : ''}`;
}
