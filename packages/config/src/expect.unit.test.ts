import { tables } from '@walmq/row-types/fixture';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse.js';
import { resolveConfig } from './resolve.js';
import { defineConfig } from './schema.js';

describe('expect', () => {
  it('takes the descriptions of a file of "walmq types", each table its own', () => {
    const input = defineConfig({
      queues: {
        sales: { tables: ['sales.orders', 'docs', 'unknown'], expect: tables, onDrift: 'pause' },
        docs: { table: 'docs' },
        shown: { table: 'docs', omit: ['body'], expect: tables, onDrift: 'park' },
      },
    });
    const { queues } = resolveConfig(parseConfig(input, 'test'));
    expect(queues.sales?.tables.map(({ expected }) => expected)).toEqual([
      tables['sales.orders'],
      tables.docs,
      undefined,
    ]);
    expect(queues.sales?.onDrift).toBe('pause');
    expect(queues.shown).toMatchObject({ onDrift: 'park', tables: [{ expected: tables.docs }] });
    expect(queues.docs).toMatchObject({ onDrift: 'warn', tables: [{ expected: undefined }] });
  });

  it.each([
    [{ onDrift: 'stop' }, /queues\.docs\.onDrift: needs "expect"/],
    [{ onDrift: 'park' }, /queues\.docs\.onDrift: needs "expect"/],
    [{ expect: { docs: { oldRow: 'some' } } }, /queues\.docs\.expect\.docs\.oldRow/],
    [{ expect: tables, onDrift: 'skip' }, /queues\.docs\.onDrift/],
    [{ expect: tables, onDrift: 'park', transform: () => null }, /queues\.docs\.onDrift: "park" holds/],
  ])('refuses %j, and names the field', (wrong, message) => {
    expect(() => parseConfig({ queues: { docs: { table: 'docs', ...wrong } } }, 'test')).toThrow(message);
  });
});
