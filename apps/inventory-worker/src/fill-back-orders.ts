import type { PoolClient } from 'pg';
import { type BackOrder, chooseFills } from './choose-fills.js';
import { takeStock } from './take-stock.js';

/**
 * Reserves stock that has arrived for items on back-order. Skips a row that another transaction holds: that
 * transaction gives the row back, or reserves for it after this one. Waiting for the row here would hold the
 * stock that the other transaction needs.
 */
export async function fillBackOrders(tx: PoolClient, productId: number): Promise<BackOrder[]> {
  const { rows: stocks } = await tx.query<{ stock_quantity: number }>(
    'SELECT stock_quantity FROM inventory WHERE product_id = $1 FOR NO KEY UPDATE',
    [productId],
  );
  const { rows: waiting } = await tx.query<BackOrder>(
    `SELECT order_item_id AS item_id, order_id, quantity FROM shop.back_orders
      WHERE product_id = $1 AND state = 'open' ORDER BY order_item_id FOR UPDATE SKIP LOCKED`,
    [productId],
  );
  const filled = chooseFills(stocks[0]?.stock_quantity ?? 0, waiting);
  if (filled.length === 0) return [];
  const wanted = filled.reduce((sum, { quantity }) => sum + quantity, 0);
  await takeStock(tx, productId, wanted);
  await tx.query(
    `WITH filled AS (DELETE FROM shop.back_orders WHERE order_item_id = ANY ($1) RETURNING *)
     INSERT INTO shop.reservations (order_item_id, order_id, product_id, quantity, state, reason, change_id)
     SELECT order_item_id, order_id, product_id, quantity, 'reserved', 'back-order filled', change_id FROM filled
     ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
       quantity = excluded.quantity, state = excluded.state, reason = excluded.reason,
       change_id = excluded.change_id, updated_at = now()`,
    [filled.map(({ item_id }) => item_id)],
  );
  return filled;
}
