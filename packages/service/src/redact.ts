/** Hides the password of every connection URL in a text, and those in query parameters. */
export function redact(text: string): string {
  return text
    .replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s/]*@/gi, '$1:***@')
    .replaceAll(/([?&](?:password|pass|pwd|token)=)[^&\s]*/gi, '$1***');
}
