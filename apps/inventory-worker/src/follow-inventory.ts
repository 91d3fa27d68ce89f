import type { InventoryRow } from '@walmq/shop';
import { type HandlerContext, type InsertChange, type UpdateChange, wholeBefore } from '@walmq/worker';
import { type AlertOptions, crossesThreshold, mailAlert, recordAlert } from './alert-low-stock.js';
import { fillBackOrders } from './fill-back-orders.js';

export async function updateInventory(
  change: UpdateChange<InventoryRow>,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { after } = change;
  const before = wholeBefore(change, 'stock_quantity');
  return {
    action: 'inventory_updated',
    product_id: after.product_id,
    old_stock: before.stock_quantity,
    new_stock: after.stock_quantity,
    ...(await follow(change, before, context, options)),
  };
}

export async function addInventory(
  change: InsertChange<InventoryRow>,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { product_id, stock_quantity } = change.after;
  return {
    action: 'inventory_added',
    product_id,
    stock: stock_quantity,
    ...(await follow(change, null, context, options)),
  };
}

/**
 * Gives added stock to items that wait for it, and reports low stock to the team. `before` is null for a new
 * product.
 */
async function follow(
  change: InsertChange<InventoryRow> | UpdateChange<InventoryRow>,
  before: InventoryRow | null,
  context: HandlerContext,
  options: AlertOptions,
) {
  const { after, id: changeId } = change;
  const isLow = crossesThreshold(before, after);
  const isMore = after.stock_quantity > (before?.stock_quantity ?? 0);
  if (!isLow && !isMore) return {};
  const filled = await context.once(change, async tx => {
    if (isLow) await recordAlert(tx, changeId, after);
    return isMore ? await fillBackOrders(tx, after.product_id) : [];
  });
  if (isLow) await mailAlert(change, context, options);
  return {
    ...(isLow ? { low_stock_alert: true } : {}),
    ...(filled.length > 0 ? { back_orders_filled: filled } : {}),
  };
}
