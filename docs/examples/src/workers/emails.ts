import { defineWorker } from 'walmq';

export default defineWorker<object, object, { 'order.paid': { total: string } }>({
  queue: 'emails',
  events: {
    'order.paid': (change, { once }) =>
      once(change, async tx => {
        const { key, payload } = change.after;
        await tx.query('INSERT INTO letters (order_id, total) VALUES ($1, $2)', [key, payload.total]);
        return { action: 'letter_written', order_id: key };
      }),
  },
});
