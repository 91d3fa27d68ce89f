import type { OrderItemRow, OrderRow } from '@walmq/shop';
import type { DeleteChange, HandlerContext, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';

interface Released {
  readonly item_id: number;
  readonly product_id: number;
  readonly quantity: number;
}

/** A removed item: what is still kept for it goes back into the stock. */
export async function releaseForItem(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  const { id, order_id } = change.before;
  return await once(change, async tx => ({
    action: 'stock_released',
    order_id,
    released: await releaseItem(tx, id, 'item deleted'),
  }));
}

/** A cancelled order gives back all that is still kept for it; no other update touches the stock. */
export async function releaseForCancelled(change: UpdateChange<OrderRow>, { once }: HandlerContext) {
  const { before, after } = change;
  if (after.status !== 'cancelled' || before?.status === 'cancelled')
    return { action: 'reservation_unchanged', order_id: after.id, status: after.status };
  return await once(change, async tx => ({
    action: 'stock_released',
    order_id: after.id,
    released: await releaseOrder(tx, after.id, 'order cancelled'),
  }));
}

export async function releaseForDeleted(change: DeleteChange<OrderRow>, { once }: HandlerContext) {
  const { id } = change.before;
  return await once(change, async tx => ({
    action: 'stock_released',
    order_id: id,
    released: await releaseOrder(tx, id, 'order deleted'),
  }));
}

export async function releaseItem(tx: PoolClient, itemId: number, reason: string): Promise<Released[]> {
  return await release(tx, 'order_item_id', itemId, reason);
}

async function releaseOrder(tx: PoolClient, orderId: number, reason: string): Promise<Released[]> {
  return await release(tx, 'order_id', orderId, reason);
}

async function release(
  tx: PoolClient,
  by: 'order_item_id' | 'order_id',
  id: number,
  reason: string,
): Promise<Released[]> {
  await tx.query(
    `UPDATE shop.back_orders SET state = 'closed', updated_at = now() WHERE ${by} = $1 AND state = 'open'`,
    [id],
  );
  const { rows } = await tx.query<Released>(
    `UPDATE shop.reservations SET state = 'released', reason = $2, updated_at = now()
      WHERE ${by} = $1 AND state = 'reserved' RETURNING order_item_id AS item_id, product_id, quantity`,
    [id, reason],
  );
  // In one order for everybody, so that two releases do not wait for each other.
  const released = rows.sort((a, b) => a.product_id - b.product_id);
  for (const { product_id, quantity } of released)
    await tx.query(
      'UPDATE inventory SET stock_quantity = stock_quantity + $2, updated_at = CURRENT_TIMESTAMP WHERE product_id = $1',
      [product_id, quantity],
    );
  return released;
}
