import { defineWorker } from 'walmq';

// An interface with an optional property: what a handler returns need not be a type of JSON.
interface OrderRow {
  id: number;
  note?: string;
}

interface Tables {
  orders: OrderRow;
}

export default defineWorker<Tables>({
  queue: 'orders',
  on: {
    orders: {
      insert: (change, { once }) =>
        once(change, async tx => {
          const { id, note } = change.after;
          await tx.query('INSERT INTO seen (id, note) VALUES ($1, $2)', [id, note]);
          return change.after;
        }),
    },
  },
});
