import { median } from '../measure/statistics.js';

/** Aligns texts left and figures right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)),
  );
  const isFigure = head.map((_, column) => rows.every(row => /^[\d.]*$/.test(row[column] ?? '')));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, isFigure[column] ?? false)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isFigure[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)];
}

/** Median of a figure of the runs. Empty if no run has it. */
export function medianOf<Run>(
  runs: readonly Run[],
  figure: (run: Run) => number | null,
  digits: number,
): string {
  const figures = runs.map(figure).filter(value => value !== null);
  return figures.length === 0 ? '' : median(figures).toFixed(digits);
}

export function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

export function whole(value: number): string {
  return Math.round(value).toString();
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
