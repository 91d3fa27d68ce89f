import { type Html, html } from '../html.js';

const WIDTH = 120;
const HEIGHT = 28;

/** A line over time, with gaps where values are unknown. A screen reader reads `label` instead. */
export function sparkline(values: readonly (number | null)[], label: string): Html {
  const known = values.filter(value => value !== null);
  if (known.length < 2)
    return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true"></svg>`;
  const top = Math.max(1, ...known);
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
<path d="${pathOf(values, top)}"/></svg>`;
}

/** Moves to the first value after a gap, and draws a line to each next one. */
export function pathOf(values: readonly (number | null)[], top: number): string {
  const step = WIDTH / Math.max(1, values.length - 1);
  return values
    .map((value, index) => {
      if (value === null) return '';
      const draws = index > 0 && values[index - 1] !== null;
      return `${draws ? 'L' : 'M'}${round(index * step)} ${round(HEIGHT - 1 - (value / top) * (HEIGHT - 2))}`;
    })
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
