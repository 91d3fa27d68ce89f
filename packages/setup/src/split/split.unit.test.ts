import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitQueues } from './split.js';

const writes = new Map([
  ['orders', 60],
  ['items', 30],
  ['stock', 20],
  ['users', 10],
]);

describe('a pipeline that is split', () => {
  it('has about the same writes in each part, and keeps queues of one table together', () => {
    const queues = [
      { queue: 'mails', tables: ['orders'] },
      { queue: 'reservations', tables: ['orders', 'items'] },
      { queue: 'stock', tables: ['stock'] },
      { queue: 'users', tables: ['users'] },
    ];
    expect(splitQueues(queues, writes, 2)).toEqual([
      { queues: ['mails', 'reservations'], tables: ['items', 'orders'], share: 0.75 },
      { queues: ['stock', 'users'], tables: ['stock', 'users'], share: 0.25 },
    ]);
  });

  it('has fewer parts than asked for where tables join all queues', () => {
    const queues = [
      { queue: 'a', tables: ['orders'] },
      { queue: 'b', tables: ['orders', 'items'] },
    ];
    expect(splitQueues(queues, writes, 3)).toHaveLength(1);
  });

  it('has each queue and each table once, whatever they are', () => {
    const load = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 8 }).map(String), { minLength: 1 }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 5 }), (tables, parts) => {
        const queues = tables.map((each, at) => ({ queue: `q${at}`, tables: each }));
        const split = splitQueues(queues, writes, parts);
        const all = split.flatMap(part => part.queues);
        expect(all.sort()).toEqual(queues.map(({ queue }) => queue).sort());
        const named = split.flatMap(part => part.tables);
        expect(named.length).toBe(new Set(tables.flat()).size);
        expect(split.length).toBeLessThanOrEqual(parts);
      }),
    );
  });
});
