/** A result for a jsonb column; nothing becomes SQL's null. Throws TypeError on what JSON cannot hold. */
export function toJsonText(result: unknown): string | null {
  return result === undefined ? null : JSON.stringify(result);
}
