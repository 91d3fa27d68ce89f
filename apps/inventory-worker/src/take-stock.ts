import type { PoolClient } from 'pg';

/**
 * Takes `quantity` off a product's stock, or gives it back where it is negative. Resolves to what is left; undefined,
 * and nothing taken, when there is less than that or no such product.
 */
export async function takeStock(
  tx: PoolClient,
  productId: number,
  quantity: number,
): Promise<number | undefined> {
  // One conditional statement: concurrent ones queue up on the row, and none of them oversells.
  const { rows } = await tx.query<{ stock_quantity: number }>(
    `UPDATE inventory SET stock_quantity = stock_quantity - $2::integer, updated_at = CURRENT_TIMESTAMP
      WHERE product_id = $1 AND ($2::integer <= 0 OR stock_quantity >= $2::integer) RETURNING stock_quantity`,
    [productId, quantity],
  );
  return rows[0]?.stock_quantity;
}

/**
 * Locks several products' stock, in one order for everybody: two transactions that each need what the other has would
 * else have to be told apart by PostgreSQL, after a second and with one of them undone.
 */
export async function lockStock(tx: PoolClient, productIds: readonly number[]): Promise<void> {
  await tx.query('SELECT FROM inventory WHERE product_id = ANY ($1) ORDER BY product_id FOR NO KEY UPDATE', [
    productIds,
  ]);
}
