import type { OrderItemRow } from '@walmq/shop';
import type { PoolClient } from 'pg';

/** A change of an item. What changes before it have counted for the item is no longer true. */
export interface Correction {
  readonly changeId: string;
  readonly itemId: number;
}

export interface Counting extends Correction {
  /** The product for which the item counts now. Null: for none. */
  readonly productId: number | null;
  /** The day (YYYY-MM-DD, UTC) on which a new item counts. Null: the day on which it was counted before. */
  readonly day: string | null;
}

/** An item that counts for its product on a day. */
export interface Sale {
  readonly changeId: string;
  readonly item: OrderItemRow;
  readonly day: string;
}

/**
 * Locks the days whose figures the changes alter, always in the same order. Otherwise two transactions could each hold a
 * row that the other one needs, or both count the first item of one order. Resolves to the day on which each item counts
 * or was counted, by change. An item that was not counted before has none.
 */
export async function lockDays(tx: PoolClient, changes: readonly Counting[]): Promise<Map<string, string>> {
  const { rows } = await tx.query<{ change_id: string; day: string }>(
    `WITH changes AS (
       SELECT c.change_id, c.product_id, coalesce(c.day, s.day) AS day, s.product_id AS counted_for, s.day AS counted_on
         FROM unnest($1::text[], $2::integer[], $3::integer[], $4::date[]) AS c (change_id, item_id, product_id, day)
         LEFT JOIN shop.sales s ON s.order_item_id = c.item_id AND s.change_id < c.change_id),
     locked AS (
       INSERT INTO shop.product_analytics AS a (product_id, day, quantity, revenue, orders)
       SELECT product_id, day, 0, 0, 0
         FROM (SELECT product_id, day FROM changes UNION SELECT counted_for, counted_on FROM changes) AS d
        WHERE product_id IS NOT NULL AND day IS NOT NULL ORDER BY product_id, day
       ON CONFLICT (product_id, day) DO UPDATE SET quantity = a.quantity)
     SELECT change_id, to_char(day, 'YYYY-MM-DD') AS day FROM changes WHERE day IS NOT NULL`,
    [
      changes.map(({ changeId }) => changeId),
      changes.map(({ itemId }) => itemId),
      changes.map(({ productId }) => productId),
      changes.map(({ day }) => day),
    ],
  );
  return new Map(rows.map(({ change_id, day }) => [change_id, day]));
}

/** Counts items. PostgreSQL multiplies the revenue: decimals, never floats. */
export async function addSales(tx: PoolClient, sales: readonly Sale[]): Promise<void> {
  const items = sales.map(({ item }) => item);
  await tx.query(
    `WITH added AS (
       INSERT INTO shop.sales (order_item_id, order_id, product_id, day, quantity, revenue, change_id)
       SELECT id, order_id, product_id, day, quantity, quantity * coalesce(price, 0), change_id
         FROM unnest($1::integer[], $2::integer[], $3::integer[], $4::date[], $5::integer[], $6::numeric[], $7::text[])
              AS s (id, order_id, product_id, day, quantity, price, change_id)
       RETURNING *),
     sums AS (
       SELECT product_id, day, sum(quantity) AS quantity, sum(revenue) AS revenue,
              count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
                SELECT FROM shop.sales s
                 WHERE s.product_id = added.product_id AND s.day = added.day AND s.order_id = added.order_id)) AS orders
         FROM added GROUP BY product_id, day)
     UPDATE shop.product_analytics a
        SET quantity = a.quantity + sums.quantity, revenue = a.revenue + sums.revenue, orders = a.orders + sums.orders
       FROM sums WHERE a.product_id = sums.product_id AND a.day = sums.day`,
    [
      items.map(({ id }) => id),
      items.map(({ order_id }) => order_id),
      items.map(({ product_id }) => product_id),
      sales.map(({ day }) => day),
      items.map(({ quantity }) => quantity),
      items.map(({ price }) => price),
      sales.map(({ changeId }) => changeId),
    ],
  );
}

/** Takes back exactly what changes before these have counted for their items. */
export async function removeSales(tx: PoolClient, corrections: readonly Correction[]): Promise<void> {
  await takeBack(
    tx,
    `USING unnest($1::text[], $2::integer[]) AS c (change_id, item_id)
      WHERE s.order_item_id = c.item_id AND s.change_id < c.change_id`,
    [corrections.map(({ changeId }) => changeId), corrections.map(({ itemId }) => itemId)],
  );
}

/** Takes back everything that changes before this one have counted. Resolves to the number of items. */
export async function removeAllSales(tx: PoolClient, changeId: string): Promise<number> {
  return await takeBack(tx, 'WHERE s.change_id < $1', [changeId]);
}

/** An order counts once per product and day: from its first item there to its last. */
async function takeBack(tx: PoolClient, which: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await tx.query<{ items: number }>(
    `WITH gone AS (DELETE FROM shop.sales s ${which} RETURNING s.*),
     sums AS (
       SELECT product_id, day, sum(quantity) AS quantity, sum(revenue) AS revenue,
              count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
                SELECT FROM shop.sales s
                 WHERE s.product_id = gone.product_id AND s.day = gone.day AND s.order_id = gone.order_id
                   AND s.order_item_id NOT IN (SELECT order_item_id FROM gone))) AS orders
         FROM gone GROUP BY product_id, day),
     less AS (
       UPDATE shop.product_analytics a
          SET quantity = a.quantity - sums.quantity, revenue = a.revenue - sums.revenue, orders = a.orders - sums.orders
         FROM sums WHERE a.product_id = sums.product_id AND a.day = sums.day)
     SELECT count(*)::integer AS items FROM gone`,
    [...values],
  );
  return rows[0]?.items ?? 0;
}
