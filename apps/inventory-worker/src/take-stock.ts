import type { PoolClient } from 'pg';

/**
 * Takes `quantity` from a product's stock, or returns it if negative. Resolves to the remaining stock.
 * Undefined, and nothing taken, if the stock is too small or the product does not exist.
 */
export async function takeStock(
  tx: PoolClient,
  productId: number,
  quantity: number,
): Promise<number | undefined> {
  // One conditional statement: concurrent ones wait for the row, and none oversells.
  const { rows } = await tx.query<{ stock_quantity: number }>(
    `UPDATE inventory SET stock_quantity = stock_quantity - $2::integer, updated_at = CURRENT_TIMESTAMP
      WHERE product_id = $1 AND ($2::integer <= 0 OR stock_quantity >= $2::integer) RETURNING stock_quantity`,
    [productId, quantity],
  );
  return rows[0]?.stock_quantity;
}

/**
 * Locks the stock of several products, always in the same order. Otherwise two transactions could each need
 * the row that the other holds, and PostgreSQL would end one of them after a second.
 */
export async function lockStock(tx: PoolClient, productIds: readonly number[]): Promise<void> {
  await tx.query('SELECT FROM inventory WHERE product_id = ANY ($1) ORDER BY product_id FOR NO KEY UPDATE', [
    productIds,
  ]);
}
