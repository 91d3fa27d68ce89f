import type { OrderItemRow } from '@walmq/shop';
import type { DeleteChange, HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';

/** A new item counts for its product on the day of its commit (UTC). */
export async function recordSale(change: InsertChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    await addSale(tx, change.after, dayOf(change));
    return { action: 'item_added', ...subjectOf(change.after) };
  });
}

/** A changed item counts as what it is now, on the day it was first counted. */
export async function correctSale(change: UpdateChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    const day = await removeSale(tx, change.after.id);
    await addSale(tx, change.after, day ?? dayOf(change));
    return { action: 'item_changed', ...subjectOf(change.after) };
  });
}

export async function withdrawSale(change: DeleteChange<OrderItemRow>, { once }: HandlerContext) {
  return await once(change, async tx => {
    await removeSale(tx, change.before.id);
    return { action: 'item_removed', ...subjectOf(change.before) };
  });
}

function subjectOf({ id, order_id, product_id, quantity, price }: OrderItemRow) {
  return { item_id: id, order_id, product_id, quantity, price };
}

function dayOf(change: { tx: { committedAt: string } }): string {
  return change.tx.committedAt.slice(0, 10);
}

/** Locks the product's day first, so that two items of one order do not both take themselves for its first. */
async function addSale(tx: PoolClient, item: OrderItemRow, day: string): Promise<void> {
  const orderId = item.order_id ?? 0;
  await tx.query(
    `INSERT INTO shop.product_analytics AS a (product_id, day, quantity, revenue, orders)
     VALUES ($1, $2, $3::int, $3::int * coalesce($4::numeric, 0), 0)
     ON CONFLICT (product_id, day) DO UPDATE
       SET quantity = a.quantity + excluded.quantity, revenue = a.revenue + excluded.revenue`,
    [item.product_id, day, item.quantity, item.price],
  );
  await countOrder(tx, item.product_id, day, orderId, 1);
  await tx.query(
    `INSERT INTO shop.sales (order_item_id, order_id, product_id, day, quantity, revenue)
     VALUES ($1, $2, $3, $4, $5::int, $5::int * coalesce($6::numeric, 0))`,
    [item.id, orderId, item.product_id, day, item.quantity, item.price],
  );
}

interface Sale {
  readonly order_id: number;
  readonly product_id: number;
  readonly day: string;
}

/** Resolves to the day the item was counted on, if it was. */
async function removeSale(tx: PoolClient, itemId: number): Promise<string | undefined> {
  const { rows } = await tx.query<Sale>(
    `WITH sale AS (DELETE FROM shop.sales WHERE order_item_id = $1 RETURNING *),
     less AS (
       UPDATE shop.product_analytics a SET quantity = a.quantity - sale.quantity, revenue = a.revenue - sale.revenue
         FROM sale WHERE a.product_id = sale.product_id AND a.day = sale.day)
     SELECT order_id, product_id, to_char(day, 'YYYY-MM-DD') AS day FROM sale`,
    [itemId],
  );
  const sale = rows[0];
  if (sale) await countOrder(tx, sale.product_id, sale.day, sale.order_id, -1);
  return sale?.day;
}

/** An order counts once per product and day: with its first item there, until its last is gone. */
async function countOrder(
  tx: PoolClient,
  productId: number,
  day: string,
  orderId: number,
  by: 1 | -1,
): Promise<void> {
  await tx.query(
    `UPDATE shop.product_analytics SET orders = orders + $4
      WHERE product_id = $1 AND day = $2
        AND NOT EXISTS (SELECT 1 FROM shop.sales WHERE product_id = $1 AND day = $2 AND order_id = $3)`,
    [productId, day, orderId, by],
  );
}
