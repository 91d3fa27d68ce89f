import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse.js';
import { resolveConfig } from './resolve.js';
import type { WalmqConfigInput } from './schema.js';

type QueueInput = WalmqConfigInput['queues'][string];
const resolve = (queue: QueueInput) => resolveConfig(parseConfig({ queues: { q: queue } }, 'test')).queues.q;

describe('what of a change reaches a queue', () => {
  it('is all of it where nothing is said', () => {
    expect(resolve({ table: 'orders', onDrift: undefined })?.shape).toBeUndefined();
    expect(resolve({ table: 'orders', omit: ['note'] })?.shape).toMatchObject({ omit: ['note'], strip: [] });
    const strip = ['note'];
    expect(resolve({ table: 'orders', maxBytes: 2048, onOversize: { strip } })?.shape).toMatchObject({
      strip,
    });
  });

  it.each<[string, object, RegExp]>([
    ['columns and omit', { columns: ['a'], omit: ['b'] }, /queues\.q\.omit: is said by "columns"/],
    [
      'a mask of what is left out',
      { columns: ['a'], mask: { b: 'redact' } },
      /queues\.q\.mask\.b: is left out/,
    ],
    ['a mask of nothing known', { mask: { b: 'hidden' } }, /queues\.q\.mask\.b: must be "redact"/],
    [
      'a hash without a way to its key',
      { mask: { b: { hash: 'secret' } } },
      /queues\.q\.mask\.b: must be "redact"/,
    ],
    [
      'a condition that is no function',
      { where: "status = 'paid'" },
      /queues\.q\.where: must be a function of a row/,
    ],
    ['a limit without a size', { onOversize: 'park' }, /queues\.q\.onOversize: needs "maxBytes"/],
    [
      'to strip what is left out',
      { omit: ['a'], maxBytes: 2048, onOversize: { strip: ['a'] } },
      /strip: "a" is left out/,
    ],
    ['a tiny limit', { maxBytes: 10 }, /queues\.q\.maxBytes/],
  ])('refuses %s', (_what, shape, reason) => {
    expect(() => resolve({ table: 'orders', ...shape } as QueueInput)).toThrow(reason);
  });

  it('is not said of a queue without tables', () => {
    expect(() => resolve({ messages: true, omit: ['a'] })).toThrow(/queues\.q\.omit: is about tables/);
  });
});
