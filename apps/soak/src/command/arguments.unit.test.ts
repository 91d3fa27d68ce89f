import { expect, it } from 'vitest';
import { readArguments } from './arguments.js';

it('reads the command line', () => {
  expect(
    readArguments(
      [
        '--rounds',
        '1000',
        '--seed',
        '7',
        '--parallel',
        '2',
        '--faults',
        'kill,stop',
        '--json',
        '/tmp/a.jsonl',
      ],
      0,
    ),
  ).toMatchObject({ rounds: 1000, seed: 7, parallel: 2, kinds: ['kill', 'stop'], file: '/tmp/a.jsonl' });
  expect(readArguments(['--round', '5', '--round', '6'], 0)).toMatchObject({ only: [5, 6] });
  expect(readArguments([], 1_234_567)).toMatchObject({ rounds: 20, seed: 234_567, parallel: 1 });
});

it.each([
  [['--rounds', '0']],
  [['--rounds', '1e3']],
  [['--seed', '-1']],
  [['--round', '99999999999']],
  [['--parallel', '17']],
  [['--faults', 'kill,flood']],
  [['--json', 'results.jsonl']],
  [['--nonsense']],
])('rejects %j', args => {
  expect(() => readArguments(args, 0)).toThrow(expect.objectContaining({ code: 'SOAK_ARGUMENTS' }));
});
