import type { Pool } from 'pg';

/** On the driver's side: a server gone silent does not hold the mail. */
const TIMEOUT_MS = 10_000;

/** An item as a mail shows it. */
export interface NamedItem {
  readonly product_id: number;
  /** Null where shop.products does not know it. */
  readonly name: string | null;
  readonly quantity: number;
  readonly price: string | null;
}

/**
 * An order's items as they are now; undefined while the transaction of the order's change is not visible yet. A
 * commit is in the WAL before other sessions see it, for as long as a synchronous standby takes to confirm: who reads
 * in between would find an order without its items.
 *
 * `xid` is the transaction's, in 32 bits: the greatest 64-bit one that ends so and has begun is meant. One from before
 * this server's first is another server's, whose transactions came with its data.
 */
export async function readItems(
  pool: Pool,
  { orderId, xid }: { readonly orderId: number; readonly xid: number },
): Promise<readonly NamedItem[] | undefined> {
  // One statement, one snapshot: what is seen of the transaction is all of it.
  const text = `WITH xmax AS (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xmax),
          xid AS (SELECT xmax - ((xmax - $2) % 4294967296 + 4294967296) % 4294967296 AS xid FROM xmax)
     SELECT CASE WHEN xid < 3 THEN true
                 ELSE pg_visible_in_snapshot(xid::text::xid8, pg_current_snapshot()) END AS visible,
            (SELECT coalesce(json_agg(json_build_object(
                      'product_id', i.product_id, 'name', p.name, 'quantity', i.quantity, 'price', i.price::text
                    ) ORDER BY i.id), '[]')
               FROM order_items i LEFT JOIN shop.products p USING (product_id) WHERE i.order_id = $1) AS items
       FROM xid`;
  const statement = { text, values: [orderId, xid], query_timeout: TIMEOUT_MS };
  const { rows } = await pool.query<{ visible: boolean; items: NamedItem[] }>(statement);
  return rows[0]?.visible ? rows[0].items : undefined;
}
