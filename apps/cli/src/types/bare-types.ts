/** The text of row types without the characters that a formatter of the project may have changed. */
export function bareTypes(text: string): string {
  return text.replaceAll(/[\s'",;|()*]+/g, '');
}
