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
];

/** What was thrown as an error that says what went wrong: JavaScript lets one throw anything. */
export function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown === 'string' && thrown !== '') return new Error(thrown);
  if (typeof thrown === 'object' && thrown !== null) return ofObject(thrown as Record<string, unknown>);
  return new WalmqError('HANDLER_THREW_NO_ERROR', `the handler threw ${nameOf(thrown)}.`, {
    remedy: "Throw an Error that says what is wrong, or the kit's giveUp, drop or postpone.",
  });
}

function ofObject(thrown: Record<string, unknown>): Error {
  const { message } = thrown;
  const error = new Error(
    typeof message === 'string' && message !== ''
      ? message
      : `the handler threw an object without a message, with the fields: ${Object.keys(thrown).join(', ') || 'none'}.`,
  );
  const told = TELLING.filter(field => thrown[field] !== undefined).map(field => [field, thrown[field]]);
  return Object.assign(error, Object.fromEntries(told));
}

/** Numbers and the like may be row data. */
function nameOf(thrown: unknown): string {
  if (thrown === undefined || thrown === null) return String(thrown);
  return thrown === '' ? 'an empty string' : `a ${typeof thrown}`;
}
