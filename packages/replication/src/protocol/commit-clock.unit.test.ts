import { expect, it } from 'vitest';
import { CommitClock } from './commit-clock.js';

/** Microseconds from 2000-01-01, as PostgreSQL counts them. */
const at = (iso: string, microseconds = 0) =>
  BigInt(Date.parse(iso) - Date.parse('2000-01-01T00:00:00Z')) * 1000n + BigInt(microseconds);

it.each<[microseconds: bigint, text: string]>([
  [0n, '2000-01-01T00:00:00.000000Z'],
  [1n, '2000-01-01T00:00:00.000001Z'],
  [-1n, '1999-12-31T23:59:59.999999Z'],
  [at('2026-11-22T10:00:00.123Z', 456), '2026-11-22T10:00:00.123456Z'],
  [at('2026-11-22T10:00:00.999Z', 999), '2026-11-22T10:00:00.999999Z'],
  [at('2026-11-22T10:00:01Z'), '2026-11-22T10:00:01.000000Z'],
  [at('2284-12-31T23:59:59.999Z', 999), '2284-12-31T23:59:59.999999Z'],
])('%s microseconds are %s', (microseconds, text) => {
  const clock = new CommitClock();
  clock.isoTime(0n);
  expect(clock.isoTime(microseconds)).toBe(text);
  expect(clock.isoTime(microseconds)).toBe(text);
  expect(clock.isoTime(0n)).toBe('2000-01-01T00:00:00.000000Z');
});
