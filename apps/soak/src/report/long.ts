import type { LongResult } from '../long/run-long.js';
import { sentenceOf } from '../long/sentence.js';

export function renderLong({ changes, seconds, effects, verdicts, keys, faults }: LongResult): string {
  return [
    `${changes} changes in ${seconds} s, ${effects} effects`,
    ...verdicts.map(verdict => `${verdict.flat ? 'flat ' : 'GROWS'} ${sentenceOf(verdict)}`),
    'Keys that remain in Redis:',
    ...keys.groups.map(({ count, what, why }) => `  ${String(count).padStart(5)}  ${what}: ${why}`),
    ...faults.map(fault => `FAULT ${fault}`),
  ].join('\n');
}
