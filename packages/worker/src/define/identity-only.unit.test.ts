import type { Json } from '@walmq/row-types';
import type { DocsRow, Tables, ThingsRow } from '@walmq/row-types/fixture';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineWorker } from './define.js';
import type { InsertChange, UpdateChange } from './row-changes.js';
import { wholeBefore } from './whole-before.js';

/** Only compiled: no test calls this handler. */
const compiled = async () => undefined;

describe('defineWorker on generated row types', () => {
  it('gives whole rows of a table with REPLICA IDENTITY FULL', () => {
    defineWorker<Tables>({
      queue: 'things',
      on: {
        things: {
          insert: async change => expectTypeOf(change.after).toEqualTypeOf<ThingsRow>(),
          update: async change => {
            expectTypeOf(change.after).toEqualTypeOf<ThingsRow>();
            expectTypeOf(change.before).toEqualTypeOf<ThingsRow | null>();
            expectTypeOf(wholeBefore(change, 'how')).toEqualTypeOf<ThingsRow>();
          },
          delete: async change => expectTypeOf(change.before).toEqualTypeOf<ThingsRow>(),
        },
      },
    });
  });

  it('gives of a table without it what is sent: a TOASTed column may be absent, and is not null then', () => {
    defineWorker<Tables>({
      queue: 'docs',
      on: {
        docs: {
          insert: async change => expectTypeOf(change.after).toHaveProperty('body'),
          update: async change => {
            expectTypeOf(change.before).toEqualTypeOf<null>();
            expectTypeOf(change.after.id).toEqualTypeOf<number>();
            expectTypeOf(change.after.kept).toEqualTypeOf<string | null>();
            expectTypeOf(change.after.title).toEqualTypeOf<string | undefined>();
            expectTypeOf(change.after.extra).toEqualTypeOf<Json | undefined>();
            // @ts-expect-error absent is not undefined
            const after: typeof change.after = { id: 1, kept: null, body: undefined };
            // @ts-expect-error the row may lack columns
            const row: DocsRow = change.after;
            return { after, row };
          },
          delete: async change => expectTypeOf(change.before).toEqualTypeOf<Pick<DocsRow, 'id'>>(),
          read: async change => expectTypeOf(change.after).toEqualTypeOf<DocsRow>(),
        },
      },
    });
  });

  it('takes handlers of their own that name the change by its table, and no others', () => {
    const update = async (change: UpdateChange<Tables['docs']>) => change.after.body ?? 'unchanged';
    const insert = async (change: InsertChange<Tables['things']>) => change.after.amount;
    const { on } = defineWorker<Tables>({ queue: 'docs', on: { docs: { update }, things: { insert } } });
    expect([...on.keys()]).toEqual(['docs', 'things']);
    // @ts-expect-error a handler of another table's rows
    defineWorker<Tables>({ queue: 'docs', on: { docs: { insert } } });
    // @ts-expect-error there is no such table
    defineWorker<Tables>({ queue: 'docs', on: { documents: { insert: compiled } } });
  });
});
