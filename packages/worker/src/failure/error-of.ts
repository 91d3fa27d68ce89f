import { WalmqError } from '@walmq/change';

/**
 * Fields by which `outcomeOf` and `postpone` classify errors; libraries also throw plain objects that have
 * them.
 */
const TELLING = [
  'name',
  'code',
  'routine',
  'responseCode',
  'status',
  'statusCode',
  'response',
  'retryAfterMs',
  'cause',
];

/** Makes an Error of any thrown value: JavaScript can throw anything. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return isReadable(thrown) ? thrown : ofObject(thrown);
  if (typeof thrown === 'string' && thrown !== '') return new Error(thrown);
  if (typeof thrown === 'object' && thrown !== null) return ofObject(thrown);
  return new WalmqError('HANDLER_THREW_NO_ERROR', `the handler threw ${nameOf(thrown)}.`, {
    remedy: "Throw an Error with a message, or the kit's giveUp, drop or postpone.",
  });
}

/** Some clients put the body of an answer into `message`, and reading a field may throw. */
function isReadable(error: Error): boolean {
  try {
    const { message } = error;
    return typeof message === 'string' && [error.name, error.stack, error.cause].length > 0;
  } catch {
    return false;
  }
}

function ofObject(thrown: object): Error {
  const { message, ...told } = fieldsOf(thrown);
  const error = new Error(
    typeof message === 'string' && message !== ''
      ? message
      : `the handler threw an object without a message, with the fields: ${namesOf(thrown) || 'none'}.`,
  );
  return Object.assign(error, told);
}

/** The known fields that it has and that can be read, also from its prototype. */
function fieldsOf(thrown: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of ['message', ...TELLING]) {
    try {
      const value = (thrown as Record<string, unknown>)[field];
      // A name that is not a string breaks the stack of the error that has it.
      if (value !== undefined && (field !== 'name' || typeof value === 'string')) fields[field] = value;
    } catch {
      // Ignores a getter that throws.
    }
  }
  return fields;
}

function namesOf(thrown: object): string {
  try {
    return Object.keys(thrown).join(', ');
  } catch {
    return '';
  }
}

/** Numbers and other values may be row data. */
function nameOf(thrown: unknown): string {
  if (thrown === undefined || thrown === null) return String(thrown);
  return thrown === '' ? 'an empty string' : `a ${typeof thrown}`;
}
