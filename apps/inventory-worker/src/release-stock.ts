import type { OrderItemRow, OrderRow } from '@walmq/shop';
import type { DeleteChange, HandlerContext, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import type { ReleaseReason } from './decide-adjustment.js';
import { lockStock, takeStock } from './take-stock.js';

/** A removed item: what is still kept for it goes back into the stock. */
export async function releaseForItem(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  const { id, order_id } = change.before;
  return await once(change, async tx =>
    releasedResult(await release(tx, { by: 'order_item_id', id, reason: 'item deleted' }), {
      item_id: id,
      order_id,
    }),
  );
}

/** A cancelled order gives back all that is still kept for it; no other update touches the stock. */
export async function releaseForCancelled(change: UpdateChange<OrderRow>, { once }: HandlerContext) {
  const { id, status } = change.after;
  if (status !== 'cancelled') return { action: 'reservation_unchanged', order_id: id, status };
  return await once(change, async tx =>
    releasedResult(await release(tx, { by: 'order_id', id, reason: 'order cancelled' }), { order_id: id }),
  );
}

export async function releaseForDeleted(change: DeleteChange<OrderRow>, { once }: HandlerContext) {
  const { id } = change.before;
  return await once(change, async tx =>
    releasedResult(await release(tx, { by: 'order_id', id, reason: 'order deleted' }), { order_id: id }),
  );
}

interface Released {
  /** What went back into the stock. */
  readonly stock: readonly { item_id: number; product_id: number; quantity: number }[];
  /** Back-orders that nobody waits for any more. */
  readonly backOrders: number;
}

/** Gives back exactly what is still reserved, and closes what is on back-order. */
export async function release(
  tx: PoolClient,
  what: {
    readonly by: 'order_item_id' | 'order_id';
    readonly id: number;
    readonly reason: ReleaseReason;
  },
): Promise<Released> {
  const { by, id, reason } = what;
  const closed = await tx.query(
    `UPDATE shop.back_orders SET state = 'closed', reason = $2, updated_at = now()
      WHERE ${by} = $1 AND state = 'open'`,
    [id, reason],
  );
  const { rows } = await tx.query<Released['stock'][number]>(
    `UPDATE shop.reservations SET state = 'released', reason = $2, updated_at = now()
      WHERE ${by} = $1 AND state = 'reserved' RETURNING order_item_id AS item_id, product_id, quantity`,
    [id, reason],
  );
  await lockStock(
    tx,
    rows.map(({ product_id }) => product_id),
  );
  for (const { product_id, quantity } of rows) await takeStock(tx, product_id, -quantity);
  return { stock: rows, backOrders: closed.rowCount ?? 0 };
}

function releasedResult({ stock, backOrders }: Released, subject: object) {
  if (stock.length > 0) return { action: 'stock_released', ...subject, released: stock };
  return backOrders > 0
    ? { action: 'back_order_closed', ...subject, back_orders: backOrders }
    : { action: 'reservation_unchanged', ...subject, reason: 'nothing was reserved' };
}
