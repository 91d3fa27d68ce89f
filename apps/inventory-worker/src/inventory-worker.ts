import type { InventoryRow, OrderItemRow, OrderRow } from '@walmq/shop';
import { defineWorker, type WorkerDefinition } from '@walmq/worker';
import type { AlertOptions } from './alert-low-stock.js';
import { addInventory, updateInventory } from './follow-inventory.js';
import { releaseAll, releaseForCancelled, releaseForDeleted, releaseForItem } from './release-stock.js';
import { adjustReservation, reserveStock } from './reserve-stock.js';

/** Stock kept for orders: in order per order, across both tables. */
export function reservationsWorker(): WorkerDefinition {
  return defineWorker<{ orders: OrderRow; order_items: OrderItemRow }>({
    queue: 'reservations',
    on: {
      orders: { update: releaseForCancelled, delete: releaseForDeleted },
      order_items: {
        insert: reserveStock,
        update: adjustReservation,
        delete: releaseForItem,
        truncate: releaseAll,
      },
    },
  });
}

export function inventoryWorker(options: AlertOptions): WorkerDefinition {
  return defineWorker<{ inventory: InventoryRow }>({
    queue: 'inventory',
    on: {
      inventory: {
        insert: (change, context) => addInventory(change, context, options),
        update: (change, context) => updateInventory(change, context, options),
        delete: async change => ({ action: 'inventory_removed', product_id: change.before.product_id }),
        truncate: async () => ({ action: 'inventory_truncated' }),
      },
    },
  });
}
