import { styleText } from 'node:util';
import { printable } from '../terminal/printable.js';
import type { Check, Status } from './check.js';

const COLOURS = { ok: 'green', warning: 'yellow', error: 'red' } as const satisfies Record<Status, string>;
const STATUS_WIDTH = 7;
const CHECK_WIDTH = 22;

/** One line with the finding and, for a problem, one line with the remedy. */
export function checkLines({ check, status, found, remedy }: Check, colours: boolean): string[] {
  const word = status.padEnd(STATUS_WIDTH);
  const painted = colours ? styleText(COLOURS[status], word) : word;
  const first = `${painted}  ${check.padEnd(CHECK_WIDTH)}  ${printable(found)}`;
  return remedy === undefined ? [first] : [first, `${' '.repeat(STATUS_WIDTH + 2)}-> ${printable(remedy)}`];
}
