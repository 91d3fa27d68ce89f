import { expect, it } from 'vitest';
import { changesOf, testHandler } from 'walmq/testing';
import receipts from './receipts.js';
import { type Tables, tables } from './walmq-tables.js';

const { insert } = changesOf<Tables>(tables);
const payment = insert('payments', { id: 1, account_id: 7, amount: '99.99' });

it('books a payment and sends a receipt', async () => {
  const sent: object[] = [];
  const { outcome, result, statements, effects } = await testHandler(receipts, payment, {
    tx: { query: async () => ({ rows: [{ balance: '199.98' }] }) },
    context: { mailer: { send: async (mail: object) => sent.push(mail) } },
  });
  expect({ outcome, result }).toEqual({ outcome: 'completed', result: { balance: '199.98' } });
  expect(statements).toMatchObject([{ values: [7, '99.99'] }]);
  expect(effects).toMatchObject([{ name: 'receipt', done: true }]);
  expect(sent).toMatchObject([{ messageId: effects[0]?.messageId, text: 'Balance: 199.98' }]);
});

it('books a payment once, although its receipt fails at first', async () => {
  const failing = { send: async () => Promise.reject(new Error('no answer')) };
  const first = await testHandler(receipts, payment, { context: { mailer: failing } });
  expect(first).toMatchObject({ outcome: 'retried', reason: 'no answer', statements: [{}] });

  const working = { send: async () => 'accepted' };
  const { records } = first;
  const second = await testHandler(receipts, payment, { attempt: 2, records, context: { mailer: working } });
  expect(second).toMatchObject({ outcome: 'completed', statements: [] });
});

it('sends no receipt for a refund', async () => {
  const refund = insert('payments', { id: 2, account_id: 7, amount: '-5.00' });
  const { outcome, effects } = await testHandler(receipts, refund);
  expect({ outcome, effects }).toEqual({ outcome: 'dropped', effects: [] });
});
