/**
 * One line that a terminal takes for text alone. What is shown may quote a row, and a row may hold what clears the
 * screen, renames the window or turns the writing round.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ');
}
