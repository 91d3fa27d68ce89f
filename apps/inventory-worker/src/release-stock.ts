import { noteTruncate, type OrderItemRow, type OrderRow } from '@walmq/shop';
import type { DeleteChange, HandlerContext, TruncateChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import type { ReleaseReason } from './decide-adjustment.js';
import { lockStock, takeStock } from './take-stock.js';

/** A removed item: returns what is still kept for it to the stock. */
export async function releaseForItem(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  const { id, order_id } = change.before;
  return await once(change, async tx =>
    releasedResult(
      await release(tx, { by: 'order_item_id', id, reason: 'item deleted', changeId: change.id }),
      {
        item_id: id,
        order_id,
      },
    ),
  );
}

/** A cancelled order returns everything that is still kept for it. No other update changes the stock. */
export async function releaseForCancelled(change: UpdateChange<OrderRow>, { once }: HandlerContext) {
  const { id, status } = change.after;
  if (status !== 'cancelled') return { action: 'reservation_unchanged', order_id: id, status };
  return await once(change, async tx =>
    releasedResult(
      await release(tx, { by: 'order_id', id, reason: 'order cancelled', changeId: change.id }),
      { order_id: id },
    ),
  );
}

export async function releaseForDeleted(change: DeleteChange<OrderRow>, { once }: HandlerContext) {
  const { id } = change.before;
  return await once(change, async tx =>
    releasedResult(await release(tx, { by: 'order_id', id, reason: 'order deleted', changeId: change.id }), {
      order_id: id,
    }),
  );
}

/** The table of items was emptied: nothing is kept for any of them. */
export async function releaseAll(change: TruncateChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    await noteTruncate(tx, change);
    const { stock, lost, backOrders } = await release(tx, {
      by: 'all',
      reason: 'table truncated',
      changeId: change.id,
    });
    // As sums, because a table has any number of items.
    const sum = (of: Released['stock']) => of.reduce((units, { quantity }) => units + quantity, 0);
    return {
      action: 'all_stock_released',
      items: stock.length,
      units: sum(stock),
      back_orders: backOrders,
      ...(lost.length > 0 ? { units_without_product: sum(lost) } : {}),
    };
  });
}

interface Released {
  /** Quantity that returned to the stock. */
  readonly stock: readonly { item_id: number; product_id: number; quantity: number }[];
  /** Quantity that was reserved of a product that inventory no longer has. */
  readonly lost: readonly { item_id: number; product_id: number; quantity: number }[];
  /** Back-orders that are no longer needed. */
  readonly backOrders: number;
}

/** Condition for the stock that changes before this one have reserved. */
type What = { readonly reason: ReleaseReason; readonly changeId: string } & (
  | { readonly by: 'order_item_id' | 'order_id'; readonly id: number }
  | { readonly by: 'all' }
);

/** Returns exactly what is still reserved, and closes back-orders. */
export async function release(tx: PoolClient, what: What): Promise<Released> {
  const { by, reason, changeId } = what;
  const [whose, id] = by === 'all' ? ['true', []] : [`${by} = $3`, [what.id]];
  const closed = await tx.query(
    `UPDATE shop.back_orders SET state = 'closed', reason = $1, change_id = $2, updated_at = now()
      WHERE ${whose} AND state = 'open' AND change_id < $2`,
    [reason, changeId, ...id],
  );
  const { rows } = await tx.query<Released['stock'][number]>(
    `UPDATE shop.reservations SET state = 'released', reason = $1, change_id = $2, updated_at = now()
      WHERE ${whose} AND state = 'reserved' AND change_id < $2
      RETURNING order_item_id AS item_id, product_id, quantity`,
    [reason, changeId, ...id],
  );
  const products = new Map<number, number>();
  for (const { product_id, quantity } of rows)
    products.set(product_id, (products.get(product_id) ?? 0) + quantity);
  await lockStock(tx, [...products.keys()]);
  const missing = new Set<number>();
  for (const [productId, quantity] of products)
    if ((await takeStock(tx, productId, -quantity)) === undefined) missing.add(productId);
  return {
    stock: rows.filter(({ product_id }) => !missing.has(product_id)),
    lost: rows.filter(({ product_id }) => missing.has(product_id)),
    backOrders: closed.rowCount ?? 0,
  };
}

function releasedResult({ stock, lost, backOrders }: Released, subject: object) {
  const without = lost.length > 0 ? { not_released: lost, reason: 'no such product in inventory' } : {};
  if (stock.length > 0) return { action: 'stock_released', ...subject, released: stock, ...without };
  if (lost.length > 0) return { action: 'reservation_closed', ...subject, ...without };
  return backOrders > 0
    ? { action: 'back_order_closed', ...subject, back_orders: backOrders }
    : { action: 'reservation_unchanged', ...subject, reason: 'nothing was reserved' };
}
