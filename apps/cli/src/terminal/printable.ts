/**
 * Replaces control characters and line breaks, so that a terminal shows the text and nothing else. The text may quote a
 * row, and a row may contain sequences that clear the screen, rename the window or reverse the direction of writing.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ');
}
