import type { Mailer, OrderRow } from '@walmq/shop';
import { defineWorker, type WorkerDefinition } from '@walmq/worker';
import { changeStatus } from './change-status.js';
import { confirmOrder } from './confirm-order.js';

export function orderWorker(mailer: Mailer): WorkerDefinition {
  return defineWorker<{ orders: OrderRow }>({
    queue: 'orders',
    on: {
      orders: {
        insert: (change, context) => confirmOrder(change, context, mailer),
        update: (change, context) => changeStatus(change, context, mailer),
        delete: async change => ({ action: 'order_deleted', order_id: change.before.id }),
      },
    },
  });
}
