import { isTruncatedAfter, type OrderItemRow, TRUNCATED } from '@walmq/shop';
import type { HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';
import { decideAdjustment, type Standing } from './decide-adjustment.js';
import { release } from './release-stock.js';
import { lockStock, takeStock } from './take-stock.js';

/**
 * A new item: reserves its quantity for the order, or creates a back-order. What is still kept under its id
 * belongs to an earlier item, which was deleted.
 */
export async function reserveStock(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  const { after: item, id: changeId } = change;
  return await once(change, async tx => {
    if (await isTruncatedAfter(tx, change))
      return { action: 'reservation_unchanged', ...subjectOf(item), reason: TRUNCATED };
    await forgetFormer(tx, { itemId: item.id, changeId });
    return await reserve(tx, item, changeId);
  });
}

/** A changed item: adjusts what is kept for it. What was returned for good stays returned. */
export async function adjustReservation(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  const { after: item, id: changeId } = change;
  return await once(change, async tx => {
    if (await isTruncatedAfter(tx, change))
      return { action: 'reservation_unchanged', ...subjectOf(item), reason: TRUNCATED };
    const standings = await standingsOf(tx, item.id);
    if (standings.some(({ change_id }) => change_id > changeId))
      return {
        action: 'reservation_unchanged',
        ...subjectOf(item),
        reason: 'a later change has been worked off',
      };
    const adjustment = decideAdjustment(standings, item);
    if (adjustment.kind === 'unchanged') return { action: 'reservation_unchanged', ...subjectOf(item) };
    const reserved =
      adjustment.kind === 'difference'
        ? await reserveDifference(tx, { item, changeId, more: adjustment.more })
        : undefined;
    if (reserved) return reserved;
    await lockStock(tx, [item.product_id, ...standings.map(({ product_id }) => product_id)]);
    await release(tx, { by: 'order_item_id', id: item.id, reason: 'item changed', changeId });
    return await reserve(tx, item, changeId);
  });
}

async function reserve(tx: PoolClient, item: OrderItemRow, changeId: string) {
  if (item.quantity <= 0)
    return { action: 'reservation_unchanged', ...subjectOf(item), reason: 'nothing to reserve' };
  const left = await takeOrWait(tx, item);
  if (left !== undefined) return await recordReserved(tx, item, { changeId, left });
  await tx.query(
    `INSERT INTO shop.back_orders (order_item_id, order_id, product_id, quantity, state, reason, change_id)
     VALUES ($1, $2, $3, $4, 'open', 'not enough stock', $5)
     ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
       quantity = excluded.quantity, state = excluded.state, reason = excluded.reason,
       change_id = excluded.change_id, updated_at = now()`,
    [item.id, item.order_id, item.product_id, item.quantity, changeId],
  );
  return { action: 'back_ordered', ...subjectOf(item), reason: 'not enough stock' };
}

/**
 * Checks again with the stock locked before it creates a back-order: stock that arrives from now on is
 * committed after the back-order, and finds it.
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
 * One step: returning everything and reserving again would look like stock that came and went to readers of
 * inventory's changes. Resolves to undefined if the stock is smaller than the difference.
 */
async function reserveDifference(
  tx: PoolClient,
  { item, changeId, more }: { readonly item: OrderItemRow; readonly changeId: string; readonly more: number },
) {
  if (more === 0) return await recordReserved(tx, item, { changeId, left: undefined });
  const left = await takeStock(tx, item.product_id, more);
  return left === undefined ? undefined : await recordReserved(tx, item, { changeId, left });
}

async function recordReserved(
  tx: PoolClient,
  item: OrderItemRow,
  { changeId, left }: { readonly changeId: string; readonly left: number | undefined },
) {
  await tx.query(
    `INSERT INTO shop.reservations (order_item_id, order_id, product_id, quantity, state, reason, change_id)
     VALUES ($1, $2, $3, $4, 'reserved', 'ordered', $5)
     ON CONFLICT (order_item_id) DO UPDATE SET order_id = excluded.order_id, product_id = excluded.product_id,
       quantity = excluded.quantity, state = excluded.state, reason = excluded.reason,
       change_id = excluded.change_id, updated_at = now()`,
    [item.id, item.order_id, item.product_id, item.quantity, changeId],
  );
  return {
    action: 'stock_reserved',
    ...subjectOf(item),
    ...(left === undefined ? {} : { stock_left: left }),
  };
}

/**
 * Returns and deletes what is kept for an item whose id is used again: it says nothing about the new item.
 */
async function forgetFormer(
  tx: PoolClient,
  { itemId, changeId }: { readonly itemId: number; readonly changeId: string },
): Promise<void> {
  await release(tx, { by: 'order_item_id', id: itemId, reason: 'id used again', changeId });
  for (const table of ['reservations', 'back_orders'])
    await tx.query(`DELETE FROM shop.${table} WHERE order_item_id = $1 AND change_id < $2`, [
      itemId,
      changeId,
    ]);
}

async function standingsOf(
  tx: PoolClient,
  itemId: number,
): Promise<(Standing & { readonly change_id: string })[]> {
  const { rows } = await tx.query<Standing & { readonly change_id: string }>(
    `SELECT state, order_id, product_id, quantity, reason, change_id FROM shop.reservations WHERE order_item_id = $1
     UNION ALL
     SELECT state, order_id, product_id, quantity, reason, change_id FROM shop.back_orders WHERE order_item_id = $1`,
    [itemId],
  );
  return rows;
}

function subjectOf({ id, order_id, product_id, quantity }: OrderItemRow) {
  return { item_id: id, order_id, product_id, quantity };
}
