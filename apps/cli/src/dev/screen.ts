import type { LogLine } from '@walmq/supervise';
import { printable } from '../terminal/printable.js';

/** Lines of several processes in one terminal. */
export interface Screen {
  /** A sentence of `walmq dev` itself, or of a part. */
  say(name: string, text: string): void;
  warn(name: string, text: string): void;
  fail(name: string, text: string): void;
  /** A line of a part's log. */
  show(name: string, line: LogLine): void;
}

const COLOURS = [36, 35, 34, 32, 96, 95, 94, 92];
const YELLOW = 33;
const RED = 31;
const WIDTH = 10;

/** Puts the name of its process before each line; with colours, each name has its own. */
export function createScreen({
  print,
  colours,
}: {
  readonly print: (line: string) => void;
  readonly colours: boolean;
}): Screen {
  const names = new Map<string, number>();
  const paint = (colour: number, text: string) => (colours ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const colourOf = (name: string) => {
    const known = names.get(name) ?? names.size;
    names.set(name, known);
    return COLOURS[known % COLOURS.length] as number;
  };
  const write = (name: string, text: string, colour?: number) => {
    const label = paint(colourOf(name), `${name.padEnd(WIDTH)} │`);
    for (const line of text.split('\n'))
      print(`${label} ${colour === undefined ? line : paint(colour, line)}`.trimEnd());
  };
  return {
    say: (name, text) => write(name, text),
    warn: (name, text) => write(name, text, YELLOW),
    fail: (name, text) => write(name, text, RED),
    show(name, line) {
      switch (line.kind) {
        case 'processed':
        case 'info':
          return write(name, printable(line.text));
        case 'trouble':
          return write(name, printable(line.text), line.level === 'warn' ? YELLOW : RED);
        case 'plain':
          return write(name, line.text);
        case 'listening':
        case 'empty':
      }
    },
  };
}
