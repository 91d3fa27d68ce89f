import type { OrderItemRow } from '@walmq/shop';
import { defineWorker, type WorkerDefinition } from '@walmq/worker';
import { recordSales, type SaleChange } from './record-sales.js';

export function analyticsWorker(): WorkerDefinition {
  return defineWorker<{ order_items: OrderItemRow }>({
    queue: 'order_items',
    batch: { size: 100, waitMs: 5 },
    onBatch: async (changes, { once, drop }) => {
      for (const change of changes) if (change.op === 'read') drop(change, 'no handler for read');
      // `once` leaves out the dropped changes.
      return await once(changes as readonly SaleChange[], recordSales);
    },
  });
}
