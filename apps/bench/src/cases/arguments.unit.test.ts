import { describe, expect, it } from 'vitest';
import { readArguments } from './arguments.js';

const OWN = ['postgres', 'redis', 'glue', 'walmq', 'walmq-tuned', 'batch', 'bullmq'];

describe('readArguments', () => {
  it('takes everything but peers, three rounds, when nothing is said', () => {
    expect(readArguments([])).toEqual({
      help: false,
      size: 'full',
      only: [],
      contenders: OWN,
      durabilities: ['fsync', 'memory'],
      rounds: 3,
      against: undefined,
      install: false,
      out: undefined,
      writePage: [],
    });
  });

  it('takes one round of small sizes, with fsync, unless told otherwise', () => {
    expect(readArguments(['--quick'])).toMatchObject({ size: 'quick', rounds: 1, durabilities: ['fsync'] });
    expect(readArguments(['--quick', '--durability', 'memory']).durabilities).toEqual(['memory']);
    expect(readArguments(['--smoke'])).toMatchObject({ size: 'smoke', rounds: 1 });
    expect(readArguments(['--quick', '--rounds', '5']).rounds).toBe(5);
  });

  it('measures another checkout beside this one', () => {
    const args = readArguments(['--contender', 'other', '--contender', 'walmq', '--against', '/there']);
    expect(args.contenders).toEqual(['walmq', 'other']);
    expect(args.against).toBe('/there');
  });

  it('measures peers only if asked to', () => {
    const { contenders } = readArguments(['--peers']);
    expect(contenders.slice(0, OWN.length)).toEqual(OWN);
    expect(contenders).toContain('debezium-tuned');
    expect(readArguments(['--peers', '--contender', 'graphile']).contenders).toEqual(['graphile']);
  });

  it.each([
    ['--contender', 'kafka'],
    ['--contender', 'other'],
    ['--contender', 'debezium'],
    ['--durability', 'eternal'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
    ['--speed', '11'],
  ])('refuses %s %s in a sentence', (...args) => {
    expect(() => readArguments(args)).toThrow(expect.objectContaining({ code: 'BENCH_ARGUMENTS' }));
  });
});
