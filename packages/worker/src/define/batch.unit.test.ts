import type { EventChange } from '@walmq/change';
import type { DocsRow, Tables, ThingsRow } from '@walmq/row-types/fixture';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineWorker } from './define.js';

const batch = { size: 100, waitMs: 5 };
/** Only compiled: no test calls this handler. */
const compiled = async () => undefined;

describe('defineWorker with a batch', () => {
  it('gives the rows of each table, told apart by table and operation', () => {
    defineWorker<Pick<Tables, 'things' | 'docs'>>({
      queue: 'things',
      batch,
      onBatch: async (changes, { once, effect, drop, job }) => {
        for (const change of changes) {
          if (change.table === 'things' && change.op === 'insert')
            expectTypeOf(change.after).toEqualTypeOf<ThingsRow>();
          if (change.table === 'docs' && change.op === 'read')
            expectTypeOf(change.after).toEqualTypeOf<DocsRow>();
          if (change.table === 'docs' && change.op === 'delete') {
            expectTypeOf(change.before).toEqualTypeOf<Pick<DocsRow, 'id'>>();
            drop(change, 'gone');
          }
          expectTypeOf(job(change).json()).resolves.toBeString();
          // @ts-expect-error there is no such table
          expect(change.table === 'documents').toBe(false);
        }
        const added = changes.filter(change => change.table === 'things' && change.op === 'insert');
        await once(added, async (tx, due) => {
          expectTypeOf(due[0]!.after).toEqualTypeOf<ThingsRow>();
          await tx.query('SELECT');
        });
        const told = await effect(added, 'told', async (due, { of, idempotencyKey }) =>
          due.map(change => ({ key: of(change).idempotencyKey, all: idempotencyKey })),
        );
        expectTypeOf(told).toEqualTypeOf<({ key: string; all: string } | undefined)[]>();
        return changes.map(({ id }) => id);
      },
    });
  });

  it('gives the payloads of events, and what the app has given', () => {
    defineWorker<Record<never, object>, { mailer: string }, { paid: { amount: string } }>({
      queue: 'emails',
      context: { mailer: 'a mailer' },
      batch,
      onBatch: async (changes, { mailer }) => {
        expectTypeOf(mailer).toBeString();
        expectTypeOf(changes).toEqualTypeOf<readonly EventChange<{ amount: string }>[]>();
      },
    });
  });

  it('takes a handler of batches or handlers of single changes, not both', () => {
    // @ts-expect-error onBatch and on exclude each other
    defineWorker<Tables>({ queue: 'docs', batch, onBatch: compiled, on: { docs: { insert: compiled } } });
    // @ts-expect-error a batch without its handler
    defineWorker<Tables>({ queue: 'docs', batch: { size: 1, waitMs: 0 }, on: {} });
  });

  it.each([
    { size: 0, waitMs: 5 },
    { size: 1.5, waitMs: 5 },
    { size: 1001, waitMs: 5 },
    { size: 10, waitMs: -1 },
    { size: 10, waitMs: Number.NaN },
  ])('rejects %o', limits => {
    expect(() => defineWorker({ queue: 'docs', batch: limits, onBatch: async () => {} })).toThrow(
      expect.objectContaining({ code: 'WORKER_BATCH_INVALID' }),
    );
  });
});
