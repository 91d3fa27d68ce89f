import { defineWorker, drop } from 'walmq';
import { mailer } from './mailer.js';
import type { Tables } from './walmq-tables.js';

export default defineWorker<Tables, { mailer: typeof mailer }>({
  queue: 'payments',
  context: { mailer },
  on: {
    payments: {
      insert: async (change, { once, effect, mailer }) => {
        const { account_id, amount } = change.after;
        if (Number(amount) <= 0) throw drop('a refund has no receipt');
        const balance = await once(change, async tx => {
          const text = 'UPDATE accounts SET balance = balance + $2 WHERE id = $1 RETURNING balance';
          const { rows } = await tx.query<{ balance: string }>(text, [account_id, amount]);
          return rows[0]?.balance;
        });
        await effect(change, 'receipt', ({ messageId }) =>
          mailer.send({ messageId, to: `account-${account_id}@example.com`, text: `Balance: ${balance}` }),
        );
        return { balance };
      },
    },
  },
});
