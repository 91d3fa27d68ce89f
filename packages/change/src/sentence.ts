/** The sentence without its full stop, for use inside another sentence. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** The text with exactly one full stop. */
export function withStop(text: string): string {
  return `${withoutStop(text)}.`;
}

/** The message of any thrown value. Node.js reports failures of several addresses as an AggregateError without a message. */
export function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(messageOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
