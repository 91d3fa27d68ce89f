/** Rows under their heads: columns as wide as their widest cell; numbers stand at the right. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map(row => String(row[column] ?? '').length)));
  const right = heads.map((_, column) =>
    rows.every(row => /^(\d[\d.]*\+?( \w+)*|-|\?)$/.test(String(row[column] ?? ''))),
  );
  return all.map(row =>
    row
      .map((cell, column) => {
        const text = String(cell);
        return right[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd(),
  );
}
