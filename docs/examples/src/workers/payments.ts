import { defineWorker } from 'walmq';
import type { Tables } from '../walmq-tables.js';

export default defineWorker<Tables>({
  queue: 'payments',
  on: {
    payments: {
      insert: (change, { once }) =>
        once(change, async tx => {
          const { id, account_id, amount } = change.after;
          await tx.query('UPDATE accounts SET balance = balance + $2 WHERE id = $1', [account_id, amount]);
          return { action: 'booked', payment_id: id };
        }),
    },
  },
});
