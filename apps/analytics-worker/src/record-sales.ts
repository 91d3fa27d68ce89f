import { lastTruncate, noteTruncate, type OrderItemRow, TRUNCATED } from '@walmq/shop';
import type { DeleteChange, InsertChange, TruncateChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { addSales, lockDays, removeAllSales, removeSales } from './count-sales.js';

type ItemChange = InsertChange<OrderItemRow> | UpdateChange<OrderItemRow> | DeleteChange<OrderItemRow>;
export type SaleChange = (ItemChange | TruncateChange<OrderItemRow>) & { readonly table: 'order_items' };

const ACTIONS = { insert: 'item_added', update: 'item_updated', delete: 'item_removed' } as const;

/**
 * Counts a batch of changes. Resolves to what was done for each change. The queue orders by item, so no item is in the
 * batch twice.
 *
 * - A new item counts for its product on the day of its commit (UTC). What is still counted under its id belongs to an
 *   earlier item, which was deleted.
 * - A changed item counts as it is now, on the day on which it was first counted.
 * - A removed item no longer counts, and after a truncate no earlier item does.
 */
export async function recordSales(tx: PoolClient, changes: readonly SaleChange[]): Promise<object[]> {
  const emptied = new Map<SaleChange, number>();
  const items: ItemChange[] = [];
  for (const change of changes)
    if (change.op === 'truncate') {
      await noteTruncate(tx, change);
      emptied.set(change, await removeAllSales(tx, change.id));
    } else items.push(change);
  const truncate = await lastTruncate(tx, 'order_items');

  const days = await lockDays(
    tx,
    items
      .filter(({ id }) => id > truncate)
      .map(change => ({
        changeId: change.id,
        itemId: itemOf(change).id,
        productId: change.after?.product_id ?? null,
        day: change.op === 'insert' ? dayOf(change.tx.committedAt) : null,
      })),
  );
  const counted = items.filter(({ id }) => days.has(id));
  await removeSales(
    tx,
    counted.map(change => ({ changeId: change.id, itemId: itemOf(change).id })),
  );
  await addSales(
    tx,
    counted.flatMap(({ id, after }) =>
      after ? [{ changeId: id, item: after, day: days.get(id) as string }] : [],
    ),
  );

  return changes.map(change => {
    if (change.op === 'truncate') return { action: 'items_removed', items: emptied.get(change) };
    const { id, order_id, product_id, quantity, price } = itemOf(change);
    const subject = { item_id: id, order_id, product_id, quantity, price };
    if (days.has(change.id)) return { action: ACTIONS[change.op], ...subject };
    return { action: 'none', reason: change.id > truncate ? 'item not counted' : TRUNCATED, ...subject };
  });
}

function itemOf(change: ItemChange): OrderItemRow {
  return change.op === 'delete' ? change.before : change.after;
}

/** An ISO timestamp's day. */
function dayOf(committedAt: string): string {
  return committedAt.slice(0, 10);
}
