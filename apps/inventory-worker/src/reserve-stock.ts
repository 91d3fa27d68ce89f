import type { OrderItemRow } from '@walmq/shop';
import { giveUp, type HandlerContext, type InsertChange, type UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { releaseItem } from './release-stock.js';

/** A new item: its quantity leaves the stock and is kept for the order, or goes on back-order. */
export async function reserveStock(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, tx => reserve(tx, change.after));
}

/** A changed item: what was kept for it is given back, then what it now asks for is reserved. */
export async function adjustReservation(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  const { before, after } = change;
  if (
    before &&
    before.product_id === after.product_id &&
    before.quantity === after.quantity &&
    before.order_id === after.order_id
  )
    return { action: 'reservation_unchanged', item_id: after.id };
  return await once(change, async tx => {
    await releaseItem(tx, after.id, 'item changed');
    return await reserve(tx, after);
  });
}

async function reserve(tx: PoolClient, item: OrderItemRow) {
  if (item.quantity <= 0) throw giveUp(`quantity of order item ${item.id} is not positive.`);
  const subject = {
    item_id: item.id,
    order_id: item.order_id,
    product_id: item.product_id,
    quantity: item.quantity,
  };
  // One conditional statement: concurrent reservations queue up on the row and none of them oversells.
  const taken = await tx.query<{ stock_quantity: number }>(
    `UPDATE inventory SET stock_quantity = stock_quantity - $2, updated_at = CURRENT_TIMESTAMP
      WHERE product_id = $1 AND stock_quantity >= $2 RETURNING stock_quantity`,
    [item.product_id, item.quantity],
  );
  const left = taken.rows[0];
  await record(tx, left ? RESERVED : BACK_ORDERED, item);
  return left
    ? { action: 'stock_reserved', ...subject, stock_left: left.stock_quantity }
    : { action: 'back_ordered', ...subject, reason: 'not enough stock' };
}

const RESERVED = `INSERT INTO shop.reservations (order_item_id, order_id, product_id, quantity, state, reason)
  VALUES ($1, $2, $3, $4, 'reserved', 'order item')
  ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
    quantity = excluded.quantity, state = excluded.state, reason = excluded.reason, updated_at = now()`;

const BACK_ORDERED = `INSERT INTO shop.back_orders (order_item_id, order_id, product_id, quantity, state)
  VALUES ($1, $2, $3, $4, 'open')
  ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
    quantity = excluded.quantity, state = excluded.state, updated_at = now()`;

async function record(tx: PoolClient, sql: string, item: OrderItemRow): Promise<void> {
  // An item without an order is still an item: 0 stands for none.
  await tx.query(sql, [item.id, item.order_id ?? 0, item.product_id, item.quantity]);
}
