import type { OrderItemRow } from '@walmq/shop';
import type { DeleteChange, HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';
import { addSale, lockDays, removeSale, saleOf } from './count-sale.js';

/** A new item counts for its product on the day of its commit (UTC). */
export async function recordSale(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    await addSale(tx, change.after, dayOf(change.tx.committedAt));
    return { action: 'item_added', ...subjectOf(change.after) };
  });
}

/** A changed item counts as what it is now, on the day it was first counted. */
export async function correctSale(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    const sale = await saleOf(tx, change.after.id);
    if (!sale) return { action: 'none', reason: 'item not counted', ...subjectOf(change.after) };
    await lockDays(tx, [sale.product_id, change.after.product_id], sale.day);
    await removeSale(tx, change.after.id);
    await addSale(tx, change.after, sale.day);
    return { action: 'item_updated', ...subjectOf(change.after) };
  });
}

/** A removed item no longer counts. */
export async function withdrawSale(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    const sale = await removeSale(tx, change.before.id);
    if (!sale) return { action: 'none', reason: 'item not counted', ...subjectOf(change.before) };
    return { action: 'item_removed', ...subjectOf(change.before) };
  });
}

function subjectOf({ id, order_id, product_id, quantity, price }: OrderItemRow) {
  return { item_id: id, order_id, product_id, quantity, price };
}

/** An ISO timestamp's day. */
function dayOf(committedAt: string): string {
  return committedAt.slice(0, 10);
}
