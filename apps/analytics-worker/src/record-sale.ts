import { isTruncatedAfter, noteTruncate, type OrderItemRow, TRUNCATED } from '@walmq/shop';
import type { DeleteChange, HandlerContext, InsertChange, TruncateChange, UpdateChange } from '@walmq/worker';
import { addSale, lockDays, removeAllSales, removeSale, saleOf } from './count-sale.js';

/**
 * A new item counts for its product on the day of its commit (UTC). What is still counted under its id
 * belongs to an earlier item, which was deleted.
 */
export async function recordSale(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    if (await isTruncatedAfter(tx, change))
      return { action: 'none', reason: TRUNCATED, ...subjectOf(change.after) };
    const day = dayOf(change.tx.committedAt);
    const former = await saleOf(tx, change.after.id, change.id);
    if (former) await removeSale(tx, change.after.id, change.id);
    await addSale(tx, change.after, { day, changeId: change.id });
    return { action: 'item_added', ...subjectOf(change.after) };
  });
}

/** A changed item counts as it is now, on the day on which it was first counted. */
export async function correctSale(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    if (await isTruncatedAfter(tx, change))
      return { action: 'none', reason: TRUNCATED, ...subjectOf(change.after) };
    const sale = await saleOf(tx, change.after.id, change.id);
    if (!sale) return { action: 'none', reason: 'item not counted', ...subjectOf(change.after) };
    await lockDays(tx, [sale.product_id, change.after.product_id], sale.day);
    await removeSale(tx, change.after.id, change.id);
    await addSale(tx, change.after, { day: sale.day, changeId: change.id });
    return { action: 'item_updated', ...subjectOf(change.after) };
  });
}

/** A removed item no longer counts. */
export async function withdrawSale(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    const sale = await removeSale(tx, change.before.id, change.id);
    if (!sale) return { action: 'none', reason: 'item not counted', ...subjectOf(change.before) };
    return { action: 'item_removed', ...subjectOf(change.before) };
  });
}

/** The table was emptied: no item counts any more. */
export async function withdrawAll(change: TruncateChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    await noteTruncate(tx, change);
    return { action: 'items_removed', items: await removeAllSales(tx, change.id) };
  });
}

function subjectOf({ id, order_id, product_id, quantity, price }: OrderItemRow) {
  return { item_id: id, order_id, product_id, quantity, price };
}

/** An ISO timestamp's day. */
function dayOf(committedAt: string): string {
  return committedAt.slice(0, 10);
}
