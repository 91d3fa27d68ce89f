import type { OrderItemRow } from '@walmq/shop';
import type { PoolClient } from 'pg';

/** What is counted for an item, and on which day (YYYY-MM-DD, UTC). */
export interface Sale {
  readonly order_id: number | null;
  readonly product_id: number;
  readonly day: string;
}

/**
 * Counts an item for its product and day. Locks the day's row first, so that two items of one order do not
 * both count as its first item there. PostgreSQL multiplies the revenue: decimals, never floats.
 */
export async function addSale(
  tx: PoolClient,
  item: OrderItemRow,
  { day, changeId }: { readonly day: string; readonly changeId: string },
): Promise<void> {
  const { id, order_id, product_id, quantity, price } = item;
  await tx.query(
    `INSERT INTO shop.product_analytics AS a (product_id, day, quantity, revenue, orders)
     VALUES ($1, $2, $3::integer, $3::integer * coalesce($4::numeric, 0), 0)
     ON CONFLICT (product_id, day) DO UPDATE
       SET quantity = a.quantity + excluded.quantity, revenue = a.revenue + excluded.revenue`,
    [product_id, day, quantity, price],
  );
  await countOrder(tx, { order_id, product_id, day }, 1);
  await tx.query(
    `INSERT INTO shop.sales (order_item_id, order_id, product_id, day, quantity, revenue, change_id)
     VALUES ($1, $2, $3, $4, $5::integer, $5::integer * coalesce($6::numeric, 0), $7)`,
    [id, order_id, product_id, day, quantity, price, changeId],
  );
}

/** What changes before this one have counted for an item, if anything. */
export async function saleOf(tx: PoolClient, itemId: number, changeId: string): Promise<Sale | undefined> {
  const { rows } = await tx.query<Sale>(
    "SELECT order_id, product_id, to_char(day, 'YYYY-MM-DD') AS day FROM shop.sales WHERE order_item_id = $1 AND change_id < $2",
    [itemId, changeId],
  );
  return rows[0];
}

/**
 * Locks one day of two products, always in the same order. Otherwise two items that swap products could each
 * hold the row that the other needs, until PostgreSQL ends one of them a second later.
 */
export async function lockDays(tx: PoolClient, productIds: readonly number[], day: string): Promise<void> {
  await tx.query(
    `INSERT INTO shop.product_analytics AS a (product_id, day, quantity, revenue, orders)
     SELECT DISTINCT product_id, $2::date, 0, 0, 0 FROM unnest($1::integer[]) AS product_id ORDER BY product_id
     ON CONFLICT (product_id, day) DO UPDATE SET quantity = a.quantity`,
    [productIds, day],
  );
}

/**
 * Takes back exactly what changes before this one have counted for an item, and resolves to that. Undefined
 * if they counted nothing.
 */
export async function removeSale(
  tx: PoolClient,
  itemId: number,
  changeId: string,
): Promise<Sale | undefined> {
  const { rows } = await tx.query<Sale>(
    `WITH sale AS (DELETE FROM shop.sales WHERE order_item_id = $1 AND change_id < $2 RETURNING *),
     less AS (
       UPDATE shop.product_analytics a SET quantity = a.quantity - sale.quantity, revenue = a.revenue - sale.revenue
         FROM sale WHERE a.product_id = sale.product_id AND a.day = sale.day)
     SELECT order_id, product_id, to_char(day, 'YYYY-MM-DD') AS day FROM sale`,
    [itemId, changeId],
  );
  const sale = rows[0];
  if (sale) await countOrder(tx, sale, -1);
  return sale;
}

/** Takes back everything that changes before this one have counted. Resolves to the number of items. */
export async function removeAllSales(tx: PoolClient, changeId: string): Promise<number> {
  const { rows } = await tx.query<{ items: number }>(
    `WITH gone AS (DELETE FROM shop.sales WHERE change_id < $1 RETURNING *),
     sums AS (
       SELECT product_id, day, count(*) AS items, sum(quantity) AS quantity, sum(revenue) AS revenue
         FROM gone GROUP BY product_id, day),
     less AS (
       UPDATE shop.product_analytics a
          SET quantity = a.quantity - sums.quantity, revenue = a.revenue - sums.revenue,
              orders = (SELECT count(DISTINCT s.order_id) FROM shop.sales s
                         WHERE s.product_id = a.product_id AND s.day = a.day AND s.change_id >= $1)
         FROM sums WHERE a.product_id = sums.product_id AND a.day = sums.day)
     SELECT coalesce(sum(items), 0)::integer AS items FROM sums`,
    [changeId],
  );
  return rows[0]?.items ?? 0;
}

/** An order counts once per product and day: from its first item there to its last. */
async function countOrder(tx: PoolClient, { order_id, product_id, day }: Sale, by: 1 | -1): Promise<void> {
  if (order_id === null) return;
  await tx.query(
    `UPDATE shop.product_analytics SET orders = orders + $4
      WHERE product_id = $1 AND day = $2
        AND NOT EXISTS (SELECT 1 FROM shop.sales WHERE product_id = $1 AND day = $2 AND order_id = $3)`,
    [product_id, day, order_id, by],
  );
}
