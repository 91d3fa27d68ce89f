import { printable } from './printable.js';

/** Rows under their heads. Each column is as wide as its widest cell. Columns of numbers are aligned right. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const all = [heads, ...rows].map(row => row.map(cell => printable(String(cell))));
  const widths = heads.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)));
  const right = heads.map((_, column) =>
    rows.every(row => /^(\d[\d.]*\+?( \w+)*|-|\?)$/.test(String(row[column] ?? ''))),
  );
  return all.map(row =>
    row
      .map((text, column) =>
        right[column] ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
