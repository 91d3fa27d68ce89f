import type { OrderItemRow } from '@walmq/shop';
import { defineWorker, type WorkerDefinition } from '@walmq/worker';
import { correctSale, recordSale, withdrawAll, withdrawSale } from './record-sale.js';

export function analyticsWorker(): WorkerDefinition {
  return defineWorker<{ order_items: OrderItemRow }>({
    queue: 'order_items',
    on: {
      order_items: { insert: recordSale, update: correctSale, delete: withdrawSale, truncate: withdrawAll },
    },
  });
}
