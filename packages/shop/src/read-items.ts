import type { Pool } from 'pg';

/** A limit on the driver's side too: a silent server does not hold up the mail. */
const TIMEOUT_MS = 10_000;

/** An item as a mail shows it. */
export interface NamedItem {
  readonly product_id: number;
  /** Null if shop.products does not have it. */
  readonly name: string | null;
  readonly quantity: number;
  readonly price: string | null;
}

/** An order's items as they are now. */
export async function readItems(pool: Pool, orderId: number): Promise<readonly NamedItem[]> {
  const text = `SELECT i.product_id, p.name, i.quantity, i.price::text
     FROM order_items i LEFT JOIN shop.products p USING (product_id) WHERE i.order_id = $1 ORDER BY i.id`;
  const statement = { text, values: [orderId], query_timeout: TIMEOUT_MS };
  const { rows } = await pool.query<NamedItem>(statement);
  return rows;
}
