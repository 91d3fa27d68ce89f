/** SQL whose parameters are `?`, as Knex and MikroORM write them; a question mark of the SQL itself is `\?`. */
export function withQuestionMarks(
  text: string,
  values: readonly unknown[],
): { sql: string; bindings: unknown[] } {
  const bindings: unknown[] = [];
  const sql = text.replace(/\?|\$(\d+)/g, (mark, number?: string) => {
    if (number === undefined) return `\\${mark}`;
    bindings.push(values[Number(number) - 1]);
    return '?';
  });
  return { sql, bindings };
}
