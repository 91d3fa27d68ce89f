import { expect, it } from 'vitest';
import { ackDelayOf } from './ack-delay.js';

it.each([
  ['server', undefined, 0],
  ['socket', undefined, 0],
  ['sentinel', undefined, 30_000],
  ['cluster', undefined, 30_000],
  ['sentinel', 0, 0],
  ['server', 5000, 5000],
] as const)('%s, configured %s: %s ms', (kind, configured, expected) => {
  expect(ackDelayOf(configured, { kind })).toBe(expected);
});
