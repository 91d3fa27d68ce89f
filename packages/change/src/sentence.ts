/** The sentence without its full stop, for a place in the middle of another. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** The text as a sentence, with one full stop. */
export function withStop(text: string): string {
  return `${withoutStop(text)}.`;
}

/** The message of whatever was thrown. Node.js joins the failures of several addresses into an error without a message. */
export function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(messageOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
