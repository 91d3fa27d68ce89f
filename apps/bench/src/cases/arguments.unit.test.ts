import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.js';

describe('readArguments', () => {
  it('takes everything, three rounds, when nothing is said', () => {
    expect(readArguments([])).toEqual({
      help: false,
      quick: false,
      only: [],
      contenders: ['postgres', 'redis', 'glue', 'walmq'],
      durabilities: ['fsync', 'memory'],
      rounds: 3,
      against: undefined,
    });
  });

  it('takes one round when it shall be quick, unless told otherwise', () => {
    expect(readArguments(['--quick']).rounds).toBe(1);
    expect(readArguments(['--quick', '--rounds', '5']).rounds).toBe(5);
  });

  it('measures another build beside this one', () => {
    const args = readArguments(['--contender', 'walmq', '--against', 'there/capture.js']);
    expect(args.contenders).toEqual(['walmq', 'other']);
    expect(args.against).toBe('there/capture.js');
  });

  it.each([
    ['--contender', 'kafka'],
    ['--contender', 'other'],
    ['--durability', 'eternal'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
    ['--speed', '11'],
  ])('refuses %s %s in a sentence', (...args) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ code: 'BENCH_ARGUMENTS' }));
  });
});
