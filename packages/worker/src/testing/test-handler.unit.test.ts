import type { Client, PoolClient } from 'pg';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type BatchContext, defineWorker, drop, giveUp, type KitContext, postpone } from '../index.js';
import { changesOf, type TestClient, testHandler } from './index.js';

interface PaymentsRow {
  id: number;
  account_id: number;
  amount: string;
}
interface Tables {
  payments: PaymentsRow;
}
interface Events {
  'order.paid': { total: string };
}

const { insert, update, remove, truncate, event } = changesOf<Tables, Events>();
const payment = (id: number): PaymentsRow => ({ id, account_id: 7, amount: '9.99' });

type Mailer = { send(to: number, messageId: string): Promise<string> };
const realMailer: Mailer = { send: async () => expect.fail('the test gives another mailer') };

/** A worker with one handler, of inserts. */
const onInsert = (act: (kit: KitContext) => Promise<unknown>) =>
  defineWorker<Tables>({ queue: 'payments', on: { payments: { insert: (_, kit) => act(kit) } } });

describe('an attempt at a change', () => {
  const worker = defineWorker<Tables, { mailer: Mailer }, Events>({
    queue: 'payments',
    context: { mailer: realMailer },
    on: {
      payments: {
        insert: async (change, { once, effect, log, mailer }) => {
          const booked = await once(change, async tx => {
            const { account_id, amount } = change.after;
            const text = 'UPDATE accounts SET balance = balance + $2 WHERE id = $1 RETURNING balance';
            const { rows } = await tx.query(text, [account_id, amount]);
            return { balance: rows[0]?.balance };
          });
          await effect(change, 'mail', ({ messageId }) => mailer.send(change.after.account_id, messageId));
          log.info({ account: change.after.account_id }, 'booked');
          return booked;
        },
        delete: async () => {
          throw drop('payments stay booked');
        },
      },
    },
    events: { 'order.paid': async ({ after }, { name }) => `${name}: ${after.payload.total}` },
  });
  const mailer = { send: async (to: number) => `sent to ${to}` };

  it('runs the handler of table and operation, and shows what it has done', async () => {
    const change = insert('payments', payment(1));
    const tested = await testHandler(worker, change, {
      context: { mailer },
      tx: { query: async () => ({ rows: [{ balance: '19.98' }] }) },
    });
    expect(tested).toMatchObject({
      outcome: 'completed',
      result: { balance: '19.98' },
      statements: [{ text: expect.stringContaining('UPDATE accounts'), values: [7, '9.99'] }],
      rolledBack: [],
      effects: [{ name: 'mail', changeId: change.id, done: true, result: 'sent to 7' }],
    });
    expect(tested.effects[0]?.messageId).toBe(`<${tested.effects[0]?.idempotencyKey}@walmq>`);
    expect(tested.log).toContainEqual(
      expect.objectContaining({ level: 'info', msg: 'booked', account: 7, changeId: change.id, attempt: 1 }),
    );
  });

  it('drops what the handler drops, and what has no handler', async () => {
    expect(await testHandler(worker, remove('payments', payment(1)))).toMatchObject({
      outcome: 'dropped',
      code: 'HANDLER_DROPPED',
      reason: 'HANDLER_DROPPED: payments stay booked',
      result: { processed: false, reason: 'payments stay booked' },
    });
    expect(await testHandler(worker, truncate('payments'))).toMatchObject({
      reason: expect.stringContaining('no handler for truncate'),
    });
    const other = changesOf().insert('accounts', { id: 1 });
    expect(await testHandler(worker, other)).toMatchObject({ outcome: 'dropped' });
  });

  it('finds the handler of an event by its type', async () => {
    const paid = event('order.paid', { total: '5' }, { key: 42 });
    expect(paid).toMatchObject({ key: { key: 42 }, after: { key: 42 } });
    expect(await testHandler(worker, paid)).toMatchObject({ result: 'order.paid: 5' });
    const row = { ...paid, op: 'insert' as const, schema: 'public', table: 'outbox' };
    expect(await testHandler(worker, row)).toMatchObject({ result: 'order.paid: 5' });
  });

  it('does not repeat what the records of an earlier attempt hold', async () => {
    const change = insert('payments', payment(2));
    const failing = { send: async () => Promise.reject(new Error('mailbox full')) };
    const first = await testHandler(worker, change, { context: { mailer: failing } });
    expect(first).toMatchObject({ outcome: 'retried', reason: 'mailbox full', effects: [{ done: false }] });
    expect(first.statements).toHaveLength(1);
    const second = await testHandler(worker, change, {
      context: { mailer },
      attempt: 2,
      records: first.records,
    });
    expect(second).toMatchObject({ outcome: 'completed', statements: [], effects: [{ done: true }] });
    expect(second.effects[0]?.messageId).toBe(first.effects[0]?.messageId);
    const third = await testHandler(worker, change, { attempt: 3, records: second.records });
    expect(third).toMatchObject({ outcome: 'completed', result: {}, statements: [], effects: [] });
  });

  it('warns of an effect whose name differs at each attempt', async () => {
    const renamed = onInsert(({ effect, attempt }) => effect({ id: '1' }, `mail ${attempt}`, async () => 1));
    const change = { ...insert('payments', payment(1)), id: '1' };
    const { records } = await testHandler(renamed, change);
    const { log } = await testHandler(renamed, change, { attempt: 2, records });
    expect(log).toContainEqual(expect.objectContaining({ event: 'effect:renamed', made: ['mail 1'] }));
  });

  it('gets rows as JSON brings them', async () => {
    const worker = onInsert(async ({ json }) => JSON.parse(await json()).after);
    const after = { ...payment(1), note: undefined };
    expect((await testHandler(worker, insert('payments', after))).result).toEqual(payment(1));
  });

  it('may use the clients of pg', () => {
    expectTypeOf<Client>().toExtend<TestClient>();
    expectTypeOf<PoolClient>().toExtend<TestClient>();
  });

  it('tells a client that uses pg in other ways', async () => {
    class Client {
      #answer = { rows: [{ one: 1 }] };
      query(_: unknown) {
        return Promise.resolve(this.#answer);
      }
    }
    const worker = onInsert(({ once }) =>
      once({ id: '1' }, async tx => (await tx.query({ text: 'SELECT $1', values: [1] })).rows),
    );
    const tested = await testHandler(worker, insert('payments', payment(1)), { tx: new Client() });
    expect(tested).toMatchObject({ result: [{ one: 1 }], statements: [{ text: 'SELECT $1', values: [1] }] });
  });
});

describe('a failure', () => {
  const change = insert('payments', payment(1));
  const thrown = (error: unknown) => onInsert(() => Promise.reject(error));

  it('is retried, until the last attempt', async () => {
    const worker = thrown(new Error('no answer'));
    const config = { queues: { payments: { table: 'payments', attempts: 2 } } };
    expect(await testHandler(worker, change, { config })).toMatchObject({
      outcome: 'retried',
      reason: 'no answer',
      error: new Error('no answer'),
      result: undefined,
    });
    expect(await testHandler(worker, change, { config, attempt: 2 })).toMatchObject({ outcome: 'failed' });
  });

  it('is final, or put off, as the handler says', async () => {
    expect(await testHandler(thrown(giveUp('no such account')), change)).toMatchObject({
      outcome: 'failed',
      code: 'HANDLER_GAVE_UP',
    });
    expect(await testHandler(thrown(postpone('closed', 60_000)), change)).toMatchObject({
      outcome: 'postponed',
      error: { retryAfterMs: 60_000 },
    });
    const duplicate = Object.assign(new Error('duplicate key'), { code: '23505' });
    expect(await testHandler(thrown(duplicate), change)).toMatchObject({ outcome: 'failed', code: '23505' });
  });

  it('rolls back what once has sent', async () => {
    const worker = onInsert(({ once }) =>
      once(change, async tx => {
        await tx.query('DELETE FROM accounts');
        throw new Error('and no further');
      }),
    );
    const tested = await testHandler(worker, change);
    expect(tested).toMatchObject({ statements: [], rolledBack: [{ text: 'DELETE FROM accounts' }] });
    const again = await testHandler(
      onInsert(({ once }) => once(change, async () => 'done')),
      change,
      tested,
    );
    expect(again.result).toBe('done');
  });

  it('comes of a result that JSON cannot hold, and of a second call of once', async () => {
    expect(
      await testHandler(
        onInsert(async () => 1n),
        change,
      ),
    ).toMatchObject({
      outcome: 'failed',
      code: 'RESULT_NOT_JSON',
    });
    const twice = onInsert(async ({ once }) => {
      await once(change, async () => 1);
      await once(change, async () => 2);
    });
    expect(await testHandler(twice, change)).toMatchObject({ outcome: 'failed', code: 'ONCE_TWICE' });
  });

  it('comes of the deadline, and of a stop', async () => {
    const untilAborted = onInsert(
      ({ signal }) =>
        new Promise((_, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const config = { queues: { payments: { table: 'payments', deadlineMs: 20 } } };
    expect(await testHandler(untilAborted, change, { config })).toMatchObject({
      outcome: 'retried',
      code: 'HANDLER_DEADLINE',
    });
    expect(await testHandler(untilAborted, change, { stopping: AbortSignal.abort() })).toMatchObject({
      outcome: 'handed-back',
    });
  });

  it('of the definition, or of what is no change, is a rejection', async () => {
    const config = { queues: { orders: { table: 'orders' } } };
    await expect(
      testHandler(
        onInsert(async () => 1),
        change,
        { config },
      ),
    ).rejects.toMatchObject({
      code: 'QUEUE_UNKNOWN',
    });
    await expect(
      testHandler(
        onInsert(async () => 1),
        { ...change, id: '' },
      ),
    ).rejects.toThrow('not a change');
  });
});

describe('several changes', () => {
  const batchOf = (
    onBatch: (changes: readonly { id: string }[], kit: BatchContext<never>) => Promise<void>,
  ) =>
    defineWorker<Tables>({
      queue: 'payments',
      batch: { size: 100, waitMs: 1000 },
      onBatch: onBatch as never,
    });

  it('are one batch, in which each has an outcome of its own', async () => {
    const worker = defineWorker<Tables>({
      queue: 'payments',
      batch: { size: 100, waitMs: 1000 },
      onBatch: async (changes, { once, effect, drop, giveUp, job }) => {
        for (const change of changes) if (change.op === 'delete') drop(change, 'gone');
        const inserts = changes.filter(change => change.op === 'insert');
        await once(inserts, async (tx, due) => {
          await tx.query('INSERT', [due.map(({ after }) => after.id)]);
          const bad = due.find(({ after }) => after.id === 3);
          if (bad) giveUp(bad, 'three is bad');
        });
        await effect(inserts, 'mail', async (due, { of }) => due.map(each => of(each).messageId));
        return changes.map(change => job(change).name);
      },
    });
    const changes = [1, 2, 3].map(id => insert('payments', payment(id)));
    const tested = await testHandler(worker, [...changes, remove('payments', payment(1))]);
    expect(tested.changes).toMatchObject([
      { outcome: 'completed', result: 'insert' },
      { outcome: 'completed', result: 'insert' },
      { outcome: 'failed', reason: 'HANDLER_GAVE_UP: three is bad' },
      { outcome: 'dropped', result: { reason: 'gone' } },
    ]);
    expect(tested.statements).toEqual([{ text: 'INSERT', values: [[1, 2]] }]);
    expect(tested.rolledBack).toEqual([{ text: 'INSERT', values: [[1, 2, 3]] }]);
    expect(tested.effects.map(({ result, messageId }) => result === messageId)).toEqual([true, true]);
    const again = await testHandler(worker, changes, tested);
    expect(again).toMatchObject({ effects: [], statements: [] });
  });

  it('are split until the one that fails is alone', async () => {
    const [first, bad] = [insert('payments', payment(1)), insert('payments', payment(2))];
    const worker = batchOf(async changes => {
      if (changes.some(({ id }) => id === bad.id)) throw new Error('poison');
    });
    const tested = await testHandler(worker, [first, bad]);
    expect(tested.changes).toMatchObject([
      { outcome: 'completed' },
      { outcome: 'retried', reason: 'poison' },
    ]);
  });

  it('run one after the other where each has a handler of its own', async () => {
    const seen: number[] = [];
    const worker = defineWorker<Tables>({
      queue: 'payments',
      on: {
        payments: {
          insert: async ({ after }) => seen.push(after.id),
          update: async ({ changed }) => changed,
        },
      },
    });
    const changes = [
      insert('payments', payment(2)),
      insert('payments', payment(1)),
      update('payments', payment(1), { ...payment(1), amount: '1' }),
    ];
    const { changes: ended } = await testHandler(worker, changes);
    expect(seen).toEqual([2, 1]);
    expect(ended[2]?.result).toEqual(['amount']);
  });
});
