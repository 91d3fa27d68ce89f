import { defineWorker } from 'walmq';
import type { Tables } from '../walmq-tables.js';

export default defineWorker<Pick<Tables, 'payments'>>({
  queue: 'ledger',
  batch: { size: 100, waitMs: 5 },
  onBatch: async (changes, { once, drop }) => {
    for (const change of changes) if (change.op !== 'insert') drop(change, 'only new payments count');
    const payments = changes.filter(change => change.op === 'insert');
    await once(payments, async (tx, due) => {
      await tx.query(
        `UPDATE accounts SET balance = balance + p.amount
           FROM (SELECT account_id, sum(amount) AS amount
                   FROM unnest($1::integer[], $2::numeric[]) AS p (account_id, amount) GROUP BY account_id) AS p
          WHERE id = p.account_id`,
        [due.map(({ after }) => after.account_id), due.map(({ after }) => after.amount)],
      );
    });
  },
});
