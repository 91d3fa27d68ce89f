import { expect, it } from 'vitest';
import { createScreen } from './screen.js';

function screenOf(colours: boolean) {
  const lines: string[] = [];
  return { screen: createScreen({ colours, print: line => void lines.push(line) }), lines };
}

it('puts the name of its process before every line, and drops what only a program reads', () => {
  const { screen, lines } = screenOf(false);
  screen.say('dev', 'one\ntwo');
  screen.show('payments', { kind: 'info', text: 'booked\u001b[2J' });
  screen.show('payments', { kind: 'listening', url: 'http://127.0.0.1:1' });
  screen.show('payments', { kind: 'empty' });
  expect(lines).toEqual(['dev        │ one', 'dev        │ two', 'payments   │ booked [2J']);
});

it('gives each process a colour, and warnings and errors theirs', () => {
  const { screen, lines } = screenOf(true);
  screen.say('a', 'text');
  screen.show('b', { kind: 'trouble', level: 'warn', text: 'slow' });
  screen.show('a', { kind: 'trouble', level: 'error', text: 'broken' });
  expect(lines).toEqual([
    '\u001b[36ma          │\u001b[0m text',
    '\u001b[35mb          │\u001b[0m \u001b[33mslow\u001b[0m',
    '\u001b[36ma          │\u001b[0m \u001b[31mbroken\u001b[0m',
  ]);
});
