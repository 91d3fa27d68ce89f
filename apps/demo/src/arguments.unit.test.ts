import { expect, it } from 'vitest';
import { readArguments } from './arguments.js';

it('knows --once and --help', () => {
  expect(readArguments([])).toEqual({ once: false, help: false });
  expect(readArguments(['--once'])).toEqual({ once: true, help: false });
  expect(readArguments(['--help'])).toEqual({ once: false, help: true });
});

it.each([['--twice'], ['once'], ['--once=yes']])('refuses %s in one sentence', argument => {
  expect(() => readArguments([argument])).toThrow(`npm start does not know ${argument}.`);
});
