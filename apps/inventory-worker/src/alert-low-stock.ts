import type { InventoryRow, Mailer } from '@walmq/shop';
import type { HandlerContext, InsertChange, UpdateChange } from '@walmq/worker';
import type { PoolClient } from 'pg';

export interface AlertOptions {
  readonly mailer: Mailer;
  /** Address of the inventory team. */
  readonly team: string;
}

/** Once per crossing: stock is low now and was not before. `before` is null for a new product. */
export function crossesThreshold(before: InventoryRow | null, after: InventoryRow): boolean {
  return isLow(after) && !(before && isLow(before));
}

function isLow({ stock_quantity, low_stock_threshold }: InventoryRow): boolean {
  return low_stock_threshold !== null && stock_quantity <= low_stock_threshold;
}

/**
 * Write the row before the mail: a repetition then finds the row. The other way round could repeat the mail.
 */
export async function recordAlert(tx: PoolClient, changeId: string, product: InventoryRow): Promise<void> {
  await tx.query(
    `INSERT INTO shop.low_stock_alerts (change_id, product_id, stock_quantity, low_stock_threshold)
     VALUES ($1, $2, $3, $4)`,
    [changeId, product.product_id, product.stock_quantity, product.low_stock_threshold],
  );
}

export async function mailAlert(
  change: InsertChange<InventoryRow> | UpdateChange<InventoryRow>,
  { effect, signal }: HandlerContext,
  { mailer, team }: AlertOptions,
): Promise<void> {
  const { product_id, stock_quantity, low_stock_threshold } = change.after;
  const subject = `Low stock: product ${product_id}`;
  const text = `Product ${product_id} is down to ${stock_quantity} (threshold ${low_stock_threshold}).`;
  const content = { heading: subject, blocks: [{ kind: 'paragraph', text }] } as const;
  await effect(change, 'low-stock-mail', ({ messageId }) =>
    mailer.send({ to: team, messageId, subject, content }, signal),
  );
}
