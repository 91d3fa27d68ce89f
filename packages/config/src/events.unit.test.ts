import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse.js';
import { publishedTables, resolveConfig } from './resolve.js';
import type { WalmqConfigInput } from './schema.js';

const resolve = (input: WalmqConfigInput) => resolveConfig(parseConfig(input, 'test'));

describe('queues of events', () => {
  it('take messages, aggregate types of the outbox, or both and tables; malformed ones get the dead-letter queue', () => {
    const config = resolve({
      outbox: { table: 'sales.events', columns: { type: 'event_type' } },
      deadLetter: 'dead',
      queues: {
        emails: { messages: true },
        payments: { outbox: 'payment' },
        mixed: { table: 'orders', messages: true, outbox: ['order', 'refund'] },
      },
    });
    expect(Object.keys(config.queues)).toEqual(['emails', 'payments', 'mixed', 'dead']);
    expect(config.queues.emails).toMatchObject({ messages: true, outbox: [], tables: [] });
    expect(config.queues.payments).toMatchObject({ messages: false, outbox: ['payment'], tables: [] });
    expect(config.queues.dead).toMatchObject({ messages: false, outbox: [], tables: [], attempts: 8 });
    expect(config.outbox).toEqual({
      schema: 'sales',
      table: 'events',
      columns: {
        id: 'id',
        aggregateType: 'aggregate_type',
        aggregateId: 'aggregate_id',
        type: 'event_type',
        payload: 'payload',
        headers: 'headers',
        createdAt: 'created_at',
      },
    });
    expect(publishedTables(config)).toEqual([
      { schema: 'public', table: 'orders' },
      { schema: 'sales', table: 'events' },
    ]);
  });

  it('are none without being asked for', () => {
    const config = resolve({ queues: { orders: { table: 'orders' } } });
    expect(config).toMatchObject({ outbox: undefined, deadLetter: undefined, formerDeadLetter: undefined });
    expect(Object.keys(config.queues)).toEqual(['orders']);
  });

  it('without a name for the dead-letter queue: read that of earlier versions too', () => {
    const config = resolve({ queues: { emails: { messages: true } } });
    expect(Object.keys(config.queues)).toEqual(['emails', 'walmq.malformed', 'walmq.dead-letter']);
    expect(config).toMatchObject({
      deadLetter: 'walmq.dead-letter',
      formerDeadLetter: 'walmq.malformed',
      warnings: [],
    });
    const own = resolve({ queues: { 'walmq.malformed': { messages: true } } });
    expect(own).toMatchObject({ deadLetter: 'walmq.dead-letter', formerDeadLetter: undefined });
  });

  it('with a name for it, by the present or the former option: read that queue alone', () => {
    const queues = { emails: { messages: true } };
    for (const input of [{ deadLetter: 'dead' }, { malformed: 'dead' }]) {
      const config = resolve({ ...input, queues });
      expect(Object.keys(config.queues)).toEqual(['emails', 'dead']);
      expect(config).toMatchObject({ deadLetter: 'dead', formerDeadLetter: undefined });
      expect(config.warnings).toEqual('malformed' in input ? [expect.stringContaining('"deadLetter"')] : []);
    }
  });

  it.each<[RegExp, Partial<WalmqConfigInput>]>([
    [/queues\.a: must name what feeds it/, { queues: { a: {} } }],
    [/queues\.a: must not name both "table" and "tables"/, { queues: { a: { table: 'x', tables: ['x'] } } }],
    [/queues\.a\.orderBy: is about tables/, { queues: { a: { messages: true, orderBy: 'id' } } }],
    [/queues\.a\.outbox/, { queues: { a: { outbox: [] } } }],
    [
      /queues\.a: reads the outbox as a table too/,
      { queues: { a: { tables: ['public.outbox'], outbox: 'x' } } },
    ],
    [/deadLetter: is the name of another queue/, { deadLetter: 'a', queues: { a: { messages: true } } }],
    [/malformed: is the name of another queue/, { malformed: 'a', queues: { a: { messages: true } } }],
    [/deadLetter: is the name of another queue/, { queues: { 'walmq.dead-letter': { messages: true } } }],
    [/malformed: is the former name of "deadLetter"/, { deadLetter: 'a', malformed: 'a' }],
  ])('refuses %s', (message, input) => {
    expect(() => resolve(input as WalmqConfigInput)).toThrow(message);
  });
});
