import { WalmqError } from '@walmq/change';

/** By which `outcomeOf` and `postpone` tell errors apart; libraries throw plain objects that have them too. */
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

/** What was thrown as an error that says what went wrong: JavaScript lets one throw anything. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return isReadable(thrown) ? thrown : ofObject(thrown);
  if (typeof thrown === 'string' && thrown !== '') return new Error(thrown);
  if (typeof thrown === 'object' && thrown !== null) return ofObject(thrown);
  return new WalmqError('HANDLER_THREW_NO_ERROR', `the handler threw ${nameOf(thrown)}.`, {
    remedy: "Throw an Error that says what is wrong, or the kit's giveUp, drop or postpone.",
  });
}

/** Some clients put the body of an answer into `message`; and reading a field may fail. */
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

/** Those of interest that it has and that can be read, its prototype's too. */
function fieldsOf(thrown: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of ['message', ...TELLING]) {
    try {
      const value = (thrown as Record<string, unknown>)[field];
      // A name that is no text breaks the stack of whatever has it.
      if (value !== undefined && (field !== 'name' || typeof value === 'string')) fields[field] = value;
    } catch {
      // A getter that fails says nothing.
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

/** Numbers and the like may be row data. */
function nameOf(thrown: unknown): string {
  if (thrown === undefined || thrown === null) return String(thrown);
  return thrown === '' ? 'an empty string' : `a ${typeof thrown}`;
}
