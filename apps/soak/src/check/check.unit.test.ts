import { expect, it } from 'vitest';
import { check } from './check.js';
import type { Facts, FoundEffect, FoundJob } from './facts.js';
import { HISTORY, job, positionOf, soundFacts } from './facts-fixture.js';

/** What the checker says after one alteration of sound facts. */
function after(alter: (facts: Facts) => Partial<Facts>): string[] {
  const facts = soundFacts();
  return check({ ...facts, ...alter(facts) }).map(({ what }) => what);
}

const except = (jobs: readonly FoundJob[], n: number) =>
  jobs.filter(({ changeId }) => changeId !== positionOf(n));
const without = (effects: readonly FoundEffect[], n: number) =>
  effects.filter(({ changeId }) => changeId !== positionOf(n));
const altered = (jobs: readonly FoundJob[], n: number, change: Partial<FoundJob>) =>
  jobs.map(each => (each.changeId === positionOf(n) ? { ...each, ...change } : each));
const moved = (jobs: readonly FoundJob[], from: number, to: number) =>
  altered(jobs, from, { changeId: positionOf(to), jobId: `${positionOf(to)}-abc` });

it('finds nothing where nothing is wrong', () => {
  expect(after(() => ({}))).toEqual([]);
});

it('finds a change without a job', () => {
  for (const { n } of HISTORY)
    expect(
      after(({ jobs, effects }) => ({ jobs: except(jobs, n), effects: without(effects, n) })),
      `change ${n}`,
    ).toEqual(['lost']);
});

it('finds a change with two jobs', () => {
  const twice = { ...job(HISTORY[2] as (typeof HISTORY)[number]), changeId: positionOf(9), jobId: 'second' };
  expect(
    after(({ jobs, effects }) => ({
      jobs: [...jobs, twice],
      effects: [...effects, { n: 9n, queue: 'singles', changeId: positionOf(9) }],
    })),
  ).toContain('doubled');
});

it('finds a job that was added again after it had completed', () => {
  expect(after(({ jobs }) => ({ jobs: altered(jobs, 3, { added: 2 }) }))).toEqual(['doubled']);
});

it('finds two changes of one row in the wrong order', () => {
  expect(after(({ jobs }) => ({ jobs: moved(moved(jobs, 3, 9), 4, 3) }))).toContain('reordered');
});

it('finds a change on the wrong side of a truncate', () => {
  expect(
    after(({ jobs, effects }) => ({
      jobs: moved(jobs, 2, 8),
      effects: effects.map(each =>
        each.changeId === positionOf(2) ? { ...each, changeId: positionOf(8) } : each,
      ),
    })),
  ).toEqual(['reordered']);
});

it.each([
  ['a value', '"n103"', '"other"'],
  ['a column that is missing', ',"note":"n103"', ''],
  ['the old row', '"note":"n101"', '"note":"other"'],
  ['the transaction', '"xid":1003', '"xid":1004'],
])('finds %s that differs', (_, text, other) => {
  expect(
    after(({ jobs }) => ({
      jobs: altered(jobs, 3, { data: jobs[2]?.data.replace(text, other) as string }),
    })),
  ).toEqual(['altered']);
});

it('finds a job that is no committed change', () => {
  expect(after(({ log }) => ({ log: log.filter(({ n }) => n !== 7n) }))).toEqual(['invented']);
});

it('finds an effect that was not made, was made twice, or is of no job', () => {
  expect(after(({ effects }) => ({ effects: without(effects, 3) }))).toEqual(['lost']);
  expect(
    after(({ effects }) => ({ effects: [...effects, { n: 2n, queue: 'singles', changeId: positionOf(2) }] })),
  ).toEqual(['doubled']);
  expect(
    after(({ effects }) => ({ effects: [...effects, { n: 9n, queue: 'singles', changeId: positionOf(9) }] })),
  ).toEqual(['invented']);
});

it('finds effects of one row in the wrong order, and lets those of two rows be', () => {
  const swapped = (effects: readonly FoundEffect[], a: number, b: number) =>
    effects.map(each => {
      if (each.changeId === positionOf(a)) return { ...each, n: BigInt(b) };
      if (each.changeId === positionOf(b)) return { ...each, n: BigInt(a) };
      return each;
    });
  expect(after(({ effects }) => ({ effects: swapped(effects, 3, 4) }))).toEqual(['reordered']);
  expect(after(({ effects }) => ({ effects: swapped(effects, 1, 2) }))).toEqual([]);
});

it('orders by a column where the queue does', () => {
  const orderedBy = { singles: 'note' };
  expect(after(() => ({ orderedBy }))).toEqual([]);
  expect(
    after(({ effects }) => ({
      orderedBy,
      // The update from n101 to n103 is ordered with the insert of n101.
      effects: effects.map(each => (each.changeId === positionOf(1) ? { ...each, n: 99n } : each)),
    })),
  ).toEqual(['reordered']);
});

it('finds a job that has not ended; a discarded one may have an effect or none', () => {
  expect(after(({ jobs }) => ({ jobs: altered(jobs, 3, { state: 'other' }) }))).toEqual(['unfinished']);
  expect(after(({ jobs }) => ({ jobs: altered(jobs, 3, { state: 'discarded' }) }))).toEqual([]);
  expect(
    after(({ jobs, effects }) => ({
      jobs: altered(jobs, 3, { state: 'discarded' }),
      effects: without(effects, 3),
    })),
  ).toEqual([]);
});

it('allows a repeated call of an effect outside, with the same key', () => {
  const acts = (facts: Facts, again: string) => ({
    actQueues: ['singles'],
    effects: [],
    acts: [
      ...facts.effects.map(each => ({ ...each, idempotencyKey: `key of ${each.changeId}` })),
      { n: 99n, queue: 'singles', changeId: positionOf(1), idempotencyKey: again },
    ],
  });
  expect(after(facts => acts(facts, `key of ${positionOf(1)}`))).toEqual([]);
  expect(after(facts => acts(facts, 'another key'))).toEqual(['altered']);
});

it('finds a row that a backfill has left out, and an older state behind a newer one', () => {
  const backfilled = [{ queue: 'singles', table: 'accounts' }];
  const rows = [{ name: 'accounts', key: '[5]', token: '0' }];
  const read: FoundJob = {
    ...(job(HISTORY[0] as (typeof HISTORY)[number]) as FoundJob),
    jobId: 'read',
    changeId: positionOf(8),
    data: JSON.stringify({
      op: 'read',
      table: 'accounts',
      key: { id: 5 },
      before: null,
      after: { id: 5, token: '0' },
      tx: { xid: 1 },
    }),
  };
  const effect = { n: 99n, queue: 'singles', changeId: positionOf(8) };
  expect(after(() => ({ backfilled, rows }))).toEqual(['lost']);
  expect(
    after(({ jobs, effects }) => ({
      backfilled,
      rows,
      jobs: [...jobs, read],
      effects: [...effects, effect],
    })),
  ).toEqual([]);
  expect(
    after(({ jobs, effects }) => ({
      backfilled,
      rows: [{ name: 'accounts', key: '[5]', token: '7' }],
      jobs: [...jobs, read],
      effects: [...effects, effect],
    })),
  ).toEqual(['reordered']);
});
