import type { OrderRow } from '@walmq/shop';
import { defineWorker, type WorkerDefinition } from '@walmq/worker';
import { changeStatus } from './change-status.js';
import { confirmOrder } from './confirm-order.js';
import type { OrderTools } from './mail-customer.js';

export function orderWorker(tools: OrderTools): WorkerDefinition {
  return defineWorker<{ orders: OrderRow }, OrderTools>({
    queue: 'orders',
    context: tools,
    on: {
      orders: {
        insert: confirmOrder,
        update: changeStatus,
        delete: async change => ({ action: 'order_deleted', order_id: change.before.id }),
        // Ids may be used again: an inserted order has none of the effects of an earlier order.
        truncate: async () => ({ action: 'orders_truncated' }),
      },
    },
  });
}
