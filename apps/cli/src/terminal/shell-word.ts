/** One word of a command that is printed to be copied, quoted for a POSIX shell where it has to be. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
