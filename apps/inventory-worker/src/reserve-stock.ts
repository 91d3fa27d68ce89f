import type { OrderItemRow } from '@walmq/shop';
import type { HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { decideAdjustment, type Standing } from './decide-adjustment.js';
import { release } from './release-stock.js';
import { lockStock, takeStock } from './take-stock.js';

/** A new item: its quantity leaves the stock and is kept for the order, or goes on back-order. */
export async function reserveStock(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, tx => reserve(tx, change.after));
}

/** A changed item: what is kept for it becomes what it now asks for; what was given back for good stays so. */
export async function adjustReservation(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  const item = change.after;
  return await once(change, async tx => {
    const standings = await standingsOf(tx, item.id);
    const adjustment = decideAdjustment(standings, item);
    if (adjustment.kind === 'unchanged') return { action: 'reservation_unchanged', ...subjectOf(item) };
    const reserved =
      adjustment.kind === 'difference' ? await reserveDifference(tx, item, adjustment.more) : undefined;
    if (reserved) return reserved;
    await lockStock(tx, [item.product_id, ...standings.map(({ product_id }) => product_id)]);
    await release(tx, { by: 'order_item_id', id: item.id, reason: 'item changed' });
    return await reserve(tx, item);
  });
}

async function reserve(tx: PoolClient, item: OrderItemRow) {
  if (item.quantity <= 0)
    return { action: 'reservation_unchanged', ...subjectOf(item), reason: 'nothing to reserve' };
  const left = await takeOrWait(tx, item);
  if (left !== undefined) return await recordReserved(tx, item, left);
  await tx.query(
    `INSERT INTO shop.back_orders (order_item_id, order_id, product_id, quantity, state, reason)
     VALUES ($1, $2, $3, $4, 'open', 'not enough stock')
     ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
       quantity = excluded.quantity, state = excluded.state, reason = excluded.reason, updated_at = now()`,
    [item.id, item.order_id, item.product_id, item.quantity],
  );
  return { action: 'back_ordered', ...subjectOf(item), reason: 'not enough stock' };
}

/**
 * Looks again with the stock locked before an item goes on back-order: what comes in from now on is committed after the
 * back-order, and finds it.
 */
async function takeOrWait(
  tx: PoolClient,
  { product_id, quantity }: OrderItemRow,
): Promise<number | undefined> {
  const left = await takeStock(tx, product_id, quantity);
  if (left !== undefined) return left;
  await lockStock(tx, [product_id]);
  return await takeStock(tx, product_id, quantity);
}

/**
 * In one step: to give all back and take it again would look, to the readers of inventory's changes, like stock that
 * came and went. Resolves to undefined where the stock is short of the difference.
 */
async function reserveDifference(tx: PoolClient, item: OrderItemRow, more: number) {
  if (more === 0) return await recordReserved(tx, item);
  const left = await takeStock(tx, item.product_id, more);
  return left === undefined ? undefined : await recordReserved(tx, item, left);
}

async function recordReserved(tx: PoolClient, item: OrderItemRow, left?: number) {
  await tx.query(
    `INSERT INTO shop.reservations (order_item_id, order_id, product_id, quantity, state, reason)
     VALUES ($1, $2, $3, $4, 'reserved', 'ordered')
     ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
       quantity = excluded.quantity, state = excluded.state, reason = excluded.reason, updated_at = now()`,
    [item.id, item.order_id, item.product_id, item.quantity],
  );
  return {
    action: 'stock_reserved',
    ...subjectOf(item),
    ...(left === undefined ? {} : { stock_left: left }),
  };
}

async function standingsOf(tx: PoolClient, itemId: number): Promise<Standing[]> {
  const { rows } = await tx.query<Standing>(
    `SELECT state, order_id, product_id, quantity, reason FROM shop.reservations WHERE order_item_id = $1
     UNION ALL
     SELECT state, order_id, product_id, quantity, reason FROM shop.back_orders WHERE order_item_id = $1`,
    [itemId],
  );
  return rows;
}

function subjectOf({ id, order_id, product_id, quantity }: OrderItemRow) {
  return { item_id: id, order_id, product_id, quantity };
}
